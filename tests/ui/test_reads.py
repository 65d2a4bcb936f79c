"""What the pages do when an answer is lost, or comes from something else than Airflow: their modules in Node.js."""

from __future__ import annotations

from typing import Any

import pytest

from tests.ui.node import Node
from tests.ui.test_model import task

# A page's world: answers by the end of the path, one after the other, the last one again and again; timers at will.
WORLD = """
    const asked = [];
    const timers = [];
    globalThis.HTMLElement ??= class {};
    globalThis.customElements ??= { get() {}, define() {} };
    globalThis.document ??= { hidden: false };
    const setTimer = globalThis.setTimeout;
    globalThis.setTimeout = (act, pause) => (pause < 1000 ? setTimer(act, pause) : timers.push(act));
    const pass = () => new Promise((resolve) => setTimer(resolve, 20));
    const left = Object.fromEntries(Object.entries(answers).map(([end, list]) => [end, [...list]]));
    globalThis.fetch = async (url) => {
        const { pathname } = new URL(url);
        asked.push(pathname.split('/').at(-1));
        const list = Object.entries(left).find(([end]) => pathname.endsWith(end))?.[1] ?? [[404, {}]];
        const [status, body] = list.length > 1 ? list.shift() : list[0];
        if (status === 0) throw new TypeError('Failed to fetch');
        const text = typeof body === 'string' ? body : JSON.stringify(body);
        return { ok: status < 400, status, headers: new Map(), json: async () => JSON.parse(text) };
    };
    const later = async () => { for (const act of timers.splice(0)) act(); await pass(); };
"""


def in_world(node: Node, answers: dict[str, Any], script: str, argument: Any = None) -> Any:
    """Runs a script in a page's world, with modules that nobody has used before."""
    return node.run(
        f"""async ([answers, argument]) => {{
            {WORLD}
            try {{
                const fresh = String(Math.random());
                const api = await load('api.js', fresh);
                {script}
            }} finally {{
                globalThis.setTimeout = setTimer;
            }}
        }}""",
        [answers, argument],
    )


OFFERS = {"facts": True, "tasks": True, "playback": False, "budgets": False}
PAGE = "<!doctype html><title>Log in</title>"


def listed(*tasks: dict[str, Any]) -> dict[str, Any]:
    return {"task_instances": list(tasks), "total_entries": len(tasks)}


@pytest.mark.parametrize("status", [0, 429, 502, 503, 504])
def test_a_lost_answer_to_the_facts_is_asked_for_again_and_not_one_by_one(node: Node, status: int) -> None:
    """A laptop wakes up, a gateway restarts: 500 cards would be 500 requests for as long as the page is open."""
    told = {"told": [{"return_value": {"video_id": "v"}}], "denied": []}
    answers = {"/about": [[200, OFFERS]], "/facts": [[status, {}], [200, told]]}
    script = """
        const facts = api.factsReader(() => undefined);
        await pass();
        const { readTask } = await load('intake.js');
        const task = readTask(argument);
        facts.want([task]);
        await pass();
        facts.want([task]);
        await pass();
        const before = [asked.filter((name) => name === 'facts').length, facts.left];
        await later();
        return [before, facts.of(task), facts.left, asked];
    """
    before, found, left, asked = in_world(node, answers, script, task())
    assert before == [1, 1]  # not asked again at once
    assert (found, left) == ({"video_id": "v"}, 0)
    assert asked == ["about", "facts", "facts"]


def test_where_there_is_no_route_for_facts_each_is_asked_for_by_itself(node: Node) -> None:
    """Airflow answers with its page what it doesn't know."""
    answers = {
        "/about": [[200, OFFERS]],
        "/facts": [[200, PAGE]],
        "/return_value": [[200, {"value": {"video_id": "v"}}]],
    }
    script = """
        const facts = api.factsReader(() => undefined);
        await pass();
        const task = (await load('intake.js')).readTask(argument);
        facts.want([task]);
        await pass();
        facts.want([task]);
        await pass();
        return facts.of(task);
    """
    assert in_world(node, answers, script, task())["video_id"] == "v"


def test_what_the_plugin_offers_is_asked_again_if_the_answer_was_lost(node: Node) -> None:
    answers = {"/about": [[503, {}], [200, OFFERS]], "/tasks/~": [[200, listed()]], "/taskInstances": [[200, listed()]]}
    script = """
        const read = () => api.eachPage({ operator: ['x'] }, () => undefined);
        await read();
        await later();
        await read();
        return asked;
    """
    assert in_world(node, answers, script) == ["about", "taskInstances", "about", "~"]


@pytest.mark.parametrize(
    ("answer", "again", "words"),
    [
        ([0, {}], "~", "Airflow can't be reached. Trying again."),
        ([503, {}], "~", "Airflow answers 503. Trying again."),
        ([401, {}], "~", "Your session has ended. Log in to Airflow again."),
        ([404, {}], "taskInstances", None),
        ([500, {}], "taskInstances", None),
        ([200, PAGE], "taskInstances", None),
        ([200, {}], "taskInstances", None),
    ],
)
def test_only_a_list_that_isn_t_there_is_replaced_by_airflow_s_own(
    node: Node, answer: list[Any], again: str, words: str | None
) -> None:
    answers = {"/about": [[200, OFFERS]], "/tasks/~": [answer], "/taskInstances": [[200, listed()]]}
    script = """
        const page = () => api.eachPage({ operator: ['x'] }, () => undefined);
        const read = () => page().then(() => null, ({ message }) => message);
        const words = await read();
        await read();
        return [words, asked.at(-1)];
    """
    assert in_world(node, answers, script) == [words, again]


@pytest.mark.parametrize("answer", [[200, PAGE], [200, {"task_instances": None}], [200, {"detail": "x"}]])
def test_an_answer_that_isn_t_airflow_s_is_told_in_words(node: Node, answer: list[Any]) -> None:
    """The login page of a proxy, for example, comes with HTTP 200."""
    script = """
        return api.eachPage({ operator: ['x'] }, () => undefined).then(() => null, ({ message }) => message);
    """
    words = in_world(node, {"/about": [[404, {}]], "/taskInstances": [answer]}, script)
    assert words == "Something that isn't Airflow answered, a login page for example. Trying again."


def test_a_page_that_comes_after_another_filter_was_chosen_is_left_out(node: Node) -> None:
    answers = {"/about": [[404, {}]], "/taskInstances": [[200, listed(task())]]}
    script = """
        const abort = new AbortController();
        const found = [];
        const reading = api.eachPage({ operator: ['x'] }, (tasks) => found.push(...tasks), abort.signal);
        abort.abort();
        return [await reading.then(() => 'read', ({ name }) => name), found.length];
    """
    assert in_world(node, answers, script) == ["AbortError", 0]


def test_the_structure_of_a_dag_is_read_again_if_the_answer_was_lost(node: Node) -> None:
    tasks = {"tasks": [{"task_id": "create", "downstream_task_ids": ["wait"]}]}
    answers = {"/tasks": [[502, {}], [200, tasks]], "/details": [[200, {"tags": [{"name": "film"}]}]]}
    script = """
        const structures = new api.Structures(() => undefined);
        await structures.want('d');
        await later();
        const of = (task_id) => ({ dag_id: 'd', task_id });
        return [structures.isAfter(of('wait'), of('create')), structures.tagsOf('d'), structures.left];
    """
    assert in_world(node, answers, script) == [True, ["film"], 0]


GALLERY = """
    const { Gallery } = await load('gallery.js', fresh);
    const gallery = new Gallery();
    Object.assign(gallery, {
        abort: new AbortController(), tasks: new Map(), window: { dag: '~' }, total: null, most: 0, problem: '',
        isTorn: false, readFrom: Infinity, since: 0, filters: {}, live: { checked: true }, fresh: [], dags: new Set(),
        structures: { want() {} }, soon() {}, readLogs() {},
    });
"""


def test_a_part_that_could_not_be_read_is_read_again_and_told_until_then(node: Node) -> None:
    """Else videos look as if nobody waited for them, and the message is gone with the next look."""
    own = [[200, listed(task())], [503, {}], [200, listed()], [200, listed(task())], [200, listed(task("wait"))]]
    answers = {"/about": [[200, OFFERS]], "/tasks/~": own}
    script = f"""{GALLERY}
        await gallery.readMore();
        const first = [gallery.problem, gallery.most, gallery.readFrom === Infinity, gallery.tasks.size];
        await gallery.look();
        await pass();
        return [first, [gallery.problem, gallery.most, gallery.readFrom === -Infinity, gallery.tasks.size]];
    """
    first, then = in_world(node, answers, script)
    assert first == ["Airflow answers 503. Trying again.", 0, True, 1]
    assert then == ["", 500, True, 2]


def test_older_ones_that_could_not_be_read_are_not_passed_over(node: Node) -> None:
    answers = {"/about": [[200, OFFERS]], "/tasks/~": [[200, listed(task())], [200, listed()], [504, {}]]}
    script = f"""{GALLERY}
        await gallery.readMore();
        await gallery.readMore();
        return [gallery.most, gallery.isTorn, gallery.problem];
    """
    assert in_world(node, answers, script) == [500, True, "Airflow answers 504. Trying again."]


def test_that_nobody_waits_is_said_only_of_runs_whose_waiting_tasks_have_all_been_read(node: Node) -> None:
    """There are three sensors to each order, and only the newest thousand are read at first."""
    waits = [task("wait", run="r2", run_after="2026-11-21T11:00:00Z")]
    answers = {
        "/about": [[200, OFFERS]],
        "/tasks/~": [[200, listed(task())], [200, listed(*waits) | {"total_entries": 1500}]],
    }
    script = f"""{GALLERY}
        await gallery.readMore();
        return gallery.readFrom;
    """
    assert in_world(node, answers, script) == 1795258800000
