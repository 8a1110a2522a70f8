"""Whatever a switch posts is taken or refused in order: no fault of ours, and nothing announced of what is refused."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.telephony_world import EVENT, RESULT, TOKEN, World, code_of

PATHS = st.sampled_from(["/v1/telephony/received", "/v1/telephony/results"])
TYPES = st.sampled_from(
    ["application/json", "multipart/form-data; boundary=x", "multipart/form-data", "text/plain", ""]
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=8,
)
PARTS = st.lists(
    st.sampled_from(
        [
            b"--x",
            b"--x--",
            b"\r\n",
            b"\r\n\r\n",
            b'Content-Disposition: form-data; name="event"',
            b'Content-Disposition: form-data; name="file"; filename="a.tif"',
            b"II*\0",
            json.dumps(EVENT).encode(),
            b"\xff",
        ]
    ),
    max_size=14,
).map(b"".join)


@settings(max_examples=60, deadline=None)
@given(PATHS, TYPES, PARTS | st.binary(max_size=200) | ANYTHING.map(lambda one: json.dumps(one).encode()))
async def test_any_body(path: str, kind: str, content: bytes) -> None:
    world = World()
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": kind}
    response = await world.client.post(path, headers=headers, content=content)
    _in_order(world, response)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([*EVENT, "call", "fax_ordinal", "pages_announced", "switch_id", "other"]), ANYTHING)
async def test_any_value_of_an_event(name: str, value: Any) -> None:
    world = World()
    _in_order(world, await world.upload(**{name: value}))


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([*RESULT, "call", "outcome", "pages_total", "variables", "other"]), ANYTHING)
async def test_any_value_of_a_result(name: str, value: Any) -> None:
    world = World()
    _in_order(world, await world.result(**{name: value}))


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60) | st.text("htps:/@[]#?.%0127x", max_size=40))
async def test_any_url(url: str) -> None:
    world = World()
    response = await world.by_url(url)
    assert code_of(response) in {"url-not-allowed", "invalid-request"}


def _in_order(world: World, response: Any) -> None:
    if response.status_code == 202:
        assert len(world.published.events) == 1
    else:
        assert code_of(response) != "internal-error"
        assert response.status_code < 500
        assert world.published.messages == []
        assert world.blobs.objects == {}
