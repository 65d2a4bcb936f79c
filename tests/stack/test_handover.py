"""The video's URL arrives in the next task, in every form that users write."""

import httpx
import pytest

from dev.stack import AirflowStack

pytestmark = pytest.mark.stack


def run_to_success(stack: AirflowStack, dag_id: str) -> str:
    run_id = stack.trigger_dag(dag_id)
    state = stack.api.wait_for_run(dag_id, run_id)
    assert state == "success", stack.failures(dag_id, run_id)
    return run_id


def assert_is_a_video(url: str) -> None:
    answer = httpx.get(url, headers={"Range": "bytes=0-11"}, trust_env=False)
    assert answer.status_code == 206
    assert answer.content[4:8] == b"ftyp"


def test_the_url_arrives_in_taskflow_and_in_jinja_form(stack: AirflowStack) -> None:
    run_id = run_to_success(stack, "stack_handover")
    url = stack.api.xcom("stack_handover", run_id, "wait", "video_url")
    assert_is_a_video(url)
    assert stack.api.xcom("stack_handover", run_id, "by_taskflow") == url
    assert stack.api.xcom("stack_handover", run_id, "by_jinja") == url


def test_the_urls_of_mapped_tasks_arrive_one_by_one_and_together(stack: AirflowStack) -> None:
    run_id = run_to_success(stack, "stack_handover_mapped")
    urls = [stack.api.xcom("stack_handover_mapped", run_id, "wait", "video_url", index) for index in range(2)]
    assert len(set(urls)) == 2
    for url in urls:
        assert_is_a_video(url)
    one_by_one = [stack.api.xcom("stack_handover_mapped", run_id, "by_taskflow", map_index=index) for index in range(2)]
    assert one_by_one == urls
    assert stack.api.xcom("stack_handover_mapped", run_id, "all_at_once") == urls
    assert stack.api.xcom("stack_handover_mapped", run_id, "by_jinja").split() == urls


def test_what_the_sensor_returns_is_one_flat_record_with_each_key_pushed(stack: AirflowStack) -> None:
    run_id = run_to_success(stack, "stack_handover")
    record = stack.api.xcom("stack_handover", run_id, "wait")
    assert {"video_id", "vendor", "model", "status", "video_url"} <= set(record)
    assert (record["vendor"], record["status"]) == ("byteplus", "succeeded")
    for key in ("video_id", "vendor", "model", "status", "video_url"):
        assert stack.api.xcom("stack_handover", run_id, "wait", key) == record[key]
    assert stack.api.xcom("stack_handover", run_id, "create", "video_id") == record["video_id"]
