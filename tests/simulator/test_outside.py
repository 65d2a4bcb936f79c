"""What users touch beside the API: control over HTTP, the command, the pytest plugin, the Python face."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from airflow_provider_seedance.simulator import VENDORS, Fault, Simulator

pytest_plugins = ["airflow_provider_seedance.simulator.pytest_plugin"]


def test_control_over_http_does_what_the_python_face_does(sim: Simulator, callers: Any) -> None:
    control = httpx.Client(base_url=f"{sim.url}/_simulator/")
    assert control.post("faults", json={"kind": "http_500"}).status_code == 201
    assert callers["byteplus"].create().status_code == 500
    control.post("faults", json=[{"kind": "http_500", "times": None}])
    control.delete("faults")
    video_id = callers["byteplus"].made()
    assert [bill["video_id"] for bill in control.get("ledger").json()] == [video_id]
    control.post("advance", json={"seconds": 20})
    assert control.get("videos").json()[0]["status"] == "running"
    assert control.post("finish", json={"video_id": video_id, "status": "failed"}).json()["status"] == "failed"
    seen = control.get("requests").json()
    assert [(request["call"], request["answered"]) for request in seen] == [("create", 500), ("create", 200)]
    assert sim.api_key not in json.dumps(seen)
    for path, body in (("finish", {"video_id": "x"}), ("faults", {"kind": "x"}), ("advance", {"seconds": -1})):
        refused = control.post(path, json=body)
        assert (refused.status_code, list(refused.json())) == (400, ["error"])
    control.post("reset", json={})
    assert control.get("ledger").json() == []
    assert httpx.get(f"{sim.url}/healthz").json() == {"status": "ok"}
    assert "byteplus" in httpx.get(f"{sim.url}/v1/nothing").text


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Host": "rebound.example"},
        {"Host": "127.0.0.1.evil.example"},
        {"Host": "[::1"},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "text/plain; a=application/json"},
    ],
    ids=str,
)
def test_the_control_takes_nothing_from_other_peoples_web_pages(sim: Simulator, headers: dict[str, str]) -> None:
    """What a browser sends for a page of another origin, without asking first."""
    control = f"{sim.url}/_simulator"
    fault = json.dumps({"kind": "http_500", "times": None})
    with httpx.Client(headers={"Content-Type": "application/json"} | headers, verify=False) as browser:
        answers = [browser.post(f"{control}/faults", content=fault), browser.post(f"{control}/reset", content="{}")]
        if "Content-Type" not in headers:
            answers += [browser.get(f"{control}/ledger"), browser.delete(f"{control}/faults")]
    assert [(answer.status_code, list(answer.json())) for answer in answers] == [(403, ["error"])] * len(answers)
    assert len(sim.faults) == 0


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "LOCALHOST", "[::1]"])
def test_the_control_answers_to_each_name_of_this_machine(sim: Simulator, name: str) -> None:
    """Also with another port: a tunnel may lead here."""
    answer = httpx.get(f"{sim.url}/_simulator/ledger", headers={"Host": f"{name}:1", "Origin": f"http://{name}:1"})
    assert (answer.status_code, answer.json()) == (200, [])


def test_requests_are_recorded_as_they_came(sim: Simulator, callers: Any) -> None:
    video_id = callers["jimmyai"].made()
    callers["jimmyai"].poll(video_id)
    create, poll = sim.requests
    assert (create.vendor, create.method, create.path) == ("jimmyai", "POST", "/api/open-api/v1/seedance/videos")
    assert (create.json["prompt"], create.headers["authorization"]) == ("a paper boat", "Bearer sk-simulator")
    assert (poll.call, poll.path, poll.json, poll.answered) == (
        "poll",
        f"/api/open-api/v1/videos/{video_id}",
        None,
        200,
    )
    callers["gmicloud"].send("GET", "/requests?model_id=a&model_id=b")
    assert sim.requests[-1].query == [("model_id", "a"), ("model_id", "b")]
    assert sim.counts["jimmyai", "create"] == 1
    assert len(sim.creates("gmicloud")) == 0
    sim.reset()
    assert (sim.requests, sim.ledger, sim.videos, sim.max_rate_seen) == ([], [], {}, {})


def test_connection_json_is_what_airflow_reads(sim: Simulator) -> None:
    connection = json.loads(sim.connection_json("gmicloud", poll_rate=3))
    assert connection == {
        "conn_type": "seedance",
        "host": f"{sim.url}/gmicloud/api/v1/ie/requestqueue/apikey",
        "password": sim.api_key,
        "extra": {"vendor": "gmicloud", "allow_private_hosts": True, "poll_rate": 3},
    }
    with pytest.raises(ValueError, match="known: byteplus"):
        sim.base_url("nobody")


def test_a_simulator_starts_and_stops_and_starts_again_on_its_port() -> None:
    sim = Simulator()
    with pytest.raises(RuntimeError):
        sim.refuse_connections().__enter__()
    sim.start()
    url = sim.url
    with pytest.raises(RuntimeError):
        sim.start()
    with pytest.raises(OSError, match="in use"):
        Simulator(port=int(url.rpartition(":")[2])).start()
    sim.stop()
    sim.stop()
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)
    with sim:
        assert sim.url == url
        assert httpx.get(f"{url}/healthz").status_code == 200


def test_stopping_does_not_wait_for_answers_under_way() -> None:
    sim = Simulator().start()
    sim.faults.add(Fault("timeout_after"))
    with socket.create_connection(("127.0.0.1", int(sim.url.rpartition(":")[2]))) as caller:
        body = b'{"prompt": "x"}'
        caller.sendall(
            b"POST /modellix/api/v1/bytedance/seedance-2.0-t2v HTTP/1.1\r\nHost: x\r\n"
            b"Content-Type: application/json\r\nAuthorization: Bearer sk-simulator\r\nContent-Length: "
            + str(len(body)).encode()
            + b"\r\n\r\n"
            + body
        )
        while not sim.ledger:
            pass
        sim.stop()
    assert len(sim.ledger) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_introduces_itself_and_stops_cleanly(number: signal.Signals, tmp_path: Path) -> None:
    log = tmp_path / "requests.jsonl"
    command = [sys.executable, "-u", "-m", "airflow_provider_seedance.simulator", "--port", "0", "--log-file", str(log)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        said = ""
        while "/_simulator/ledger" not in said:
            line = process.stdout.readline()
            assert line, process.stderr.read()
            said += line
        found = re.search(r"http://127\.0\.0\.1:\d+", said)
        assert found is not None
        httpx.get(f"{found[0]}/byteplus/api/v3/contents/generations/tasks")
        process.send_signal(number)
        assert (process.wait(), process.stderr.read()) == (0, "")
    assert all(vendor in said for vendor in VENDORS)
    assert "AIRFLOW_CONN_SEEDANCE_DEFAULT=" in said
    assert json.loads(log.read_text())["answered"] == 401


def test_the_plugin_gives_a_fresh_simulator_and_connections(
    seedance_simulator: Simulator, seedance_connections: dict[str, str]
) -> None:
    assert seedance_simulator.ledger == []
    assert seedance_connections["jimmyai"] == "seedance_jimmyai"
    for name, vendor in (("JIMMYAI", "jimmyai"), ("DEFAULT", "byteplus")):
        connection = json.loads(os.environ[f"AIRFLOW_CONN_SEEDANCE_{name}"])
        assert connection["host"] == seedance_simulator.base_url(vendor)


def test_importing_is_cheap_and_a_missing_extra_is_named() -> None:
    code = """
import sys
class Hide:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("starlette", "uvicorn"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Hide())
from airflow_provider_seedance.simulator import Simulator
heavy = {"av", "numpy", "PIL", "starlette", "uvicorn", "airflow", "httpx", "pydantic"} & set(sys.modules)
assert not heavy, heavy
try:
    Simulator().start()
except ImportError as error:
    print(error)
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert 'pip install "airflow-provider-seedance[simulator]"' in said


def test_the_simulator_shares_no_code_with_the_client() -> None:
    import airflow_provider_seedance.simulator as package

    files = list(Path(str(package.__file__)).parent.rglob("*.py"))
    imported = {
        match
        for file in files
        for match in re.findall(r"^\s*(?:from|import) (airflow[\w.]*)", file.read_text(), re.MULTILINE)
    }
    assert imported
    assert all(name.startswith("airflow_provider_seedance.simulator") for name in imported)
