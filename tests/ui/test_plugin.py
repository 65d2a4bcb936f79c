"""Where the pages stand in Airflow's UI."""

from __future__ import annotations

import pytest

from airflow_provider_seedance.plugins.seedance_ui import SeedanceUiPlugin
from tests.any_airflow import AIRFLOW

pytestmark = pytest.mark.skipif(AIRFLOW < (3, 1), reason="the pages need Airflow 3.1")


def test_the_video_tab_stands_only_on_tasks_that_name_one_of_our_connections() -> None:
    from airflow_provider_seedance.decorators.seedance import SeedanceVideoDecoratedOperator
    from airflow_provider_seedance.operators.seedance import SeedanceCreateVideoOperator
    from airflow_provider_seedance.sensors.seedance import SeedanceVideoSensor
    from airflow_provider_seedance.transfers.seedance_to_object_storage import SeedanceVideoToObjectStorageOperator

    apps = {app["name"]: app for app in SeedanceUiPlugin.react_apps}
    ((path, names),) = apps["Video"]["applies_to"].items()
    assert path == "task.template_fields"
    for operator in (
        SeedanceCreateVideoOperator,
        SeedanceVideoDecoratedOperator,
        SeedanceVideoSensor,
        SeedanceVideoToObjectStorageOperator,
    ):
        assert set(names) & set(operator.template_fields), operator
    assert "applies_to" not in apps["Seedance"]


@pytest.mark.skipif(AIRFLOW < (3, 4), reason="where a tab stands can be said from Airflow 3.4 on")
def test_airflow_understands_where_the_tab_shall_stand() -> None:
    from airflow import plugins_manager

    validate = getattr(plugins_manager, "_validate_applies_to")  # noqa: B009
    for app in SeedanceUiPlugin.react_apps:
        wanted = dict(app)
        assert validate("seedance", wanted, "React app")
        assert wanted == app
