"""Which proxy a call goes through, by the environment."""

from __future__ import annotations

import pytest

from airflow_provider_seedance.api.errors import SeedanceConfigError
from airflow_provider_seedance.api.http.network import proxy_for

P, Q = "http://p.example:3128", "http://q.example:3128"


@pytest.mark.parametrize(
    ("url", "environ", "proxy"),
    [
        pytest.param("https://v.example/x", {}, None, id="none"),
        pytest.param("https://v.example/x", {"HTTPS_PROXY": P}, P, id="upper"),
        pytest.param("https://v.example/x", {"https_proxy": Q, "HTTPS_PROXY": P}, Q, id="lower-wins"),
        pytest.param("https://v.example/x", {"https_proxy": "", "HTTPS_PROXY": P}, None, id="lower-cancels"),
        pytest.param("https://v.example/x", {"HTTP_PROXY": P}, None, id="other-scheme"),
        pytest.param("https://v.example/x", {"ALL_PROXY": P}, P, id="all"),
        pytest.param("https://v.example/x", {"ALL_PROXY": P, "HTTPS_PROXY": Q}, Q, id="scheme-before-all"),
        pytest.param("https://v.example/x", {"ALL_PROXY": "socks5://p:1", "HTTPS_PROXY": Q}, Q, id="socks-unused"),
        pytest.param("http://v.example/x", {"HTTP_PROXY": P, "REQUEST_METHOD": "GET"}, None, id="cgi"),
        pytest.param("http://v.example/x", {"http_proxy": "p.example:3128"}, P, id="no-scheme"),
        pytest.param("http://v.example/x", {"http_proxy": "http://p.example"}, "http://p.example:80", id="no-port"),
        pytest.param("http://v.example/x", {"http_proxy": "http://[::1]:1"}, "http://[::1]:1", id="ipv6"),
    ],
)
def test_the_proxy_that_the_environment_names(url: str, environ: dict[str, str], proxy: str | None) -> None:
    found = proxy_for(url, environ)
    assert (found.url if found else None) == proxy


@pytest.mark.parametrize(
    ("host", "no_proxy", "is_direct"),
    [
        ("v.example", "v.example", True),
        ("v.example", "V.Example", True),
        ("api.v.example", "v.example", True),
        ("api.v.example", ".v.example", True),
        ("api.v.example", "*.v.example", True),
        ("notv.example", "v.example", False),
        ("v.example", "v.example:443", True),
        ("v.example", "v.example:80", False),
        ("v.example:8443", "v.example:8443", True),
        ("v.example", "a.example, v.example", True),
        ("v.example", "a.example v.example", True),
        ("v.example", "*", True),
        ("v.example", ",,", False),
        ("v.example", ".", False),
        ("[::1]", "[::1]", True),
        ("[::1]:8080", "[::1]:8080", True),
        ("[::1]", "::1", True),
        ("[0:0::1]", "::1", True),
        ("[fd00::5]", "fd00::/8", True),
        ("[fd00::5]", "[fd00::]/8", True),
        ("[fe80::5]", "fd00::/8", False),
        ("10.1.2.3", "10.0.0.0/8", True),
        ("[::ffff:10.1.2.3]", "10.0.0.0/8", True),
        ("11.1.2.3", "10.0.0.0/8", False),
        ("127.0.0.1", "localhost,127.0.0.1", True),
        ("127.0.0.1", "fd00::/8", False),
        ("v.example", "v.example:x", False),
        ("v.example", "10.0.0.0/99,[", False),
    ],
)
def test_no_proxy_says_which_hosts_are_reached_directly(host: str, no_proxy: str, is_direct: bool) -> None:
    environ = {"HTTPS_PROXY": P, "NO_PROXY": no_proxy}
    assert (proxy_for(f"https://{host}/x", environ) is None) == is_direct


def test_a_proxys_password_is_sent_but_never_shown() -> None:
    proxy = proxy_for("https://v.example", {"HTTPS_PROXY": "http://me:s%40cret@p.example:3128"})
    assert proxy is not None
    assert proxy.url == P
    assert proxy.headers == {"Proxy-Authorization": "Basic bWU6c0BjcmV0"}
    assert "bWU6" not in repr(proxy)


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
@pytest.mark.parametrize(
    "value", ["socks5://u:hush@p:1", "socks5h://p:1", "ftp://p:1", "http://p:99999", "http://[::1", "http://", "://"]
)
def test_a_proxy_that_cannot_be_used_is_named_by_its_variable(name: str, value: str) -> None:
    with pytest.raises(SeedanceConfigError) as caught:
        proxy_for("https://v.example", {name: value})
    assert name in str(caught.value)
    assert "hush" not in str(caught.value)
    assert proxy_for("https://v.example", {name: value, "NO_PROXY": "v.example"}) is None
