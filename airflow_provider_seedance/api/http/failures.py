"""The reasons for which a call got no answer, in a few plain words, whichever HTTP library reported them."""

from __future__ import annotations

import errno
import socket
import ssl
import zlib
from collections.abc import Iterator

from airflow_provider_seedance.api.http.intake import LateError, TooLargeError
from airflow_provider_seedance.api.http.network import Proxy
from airflow_provider_seedance.api.http.texts import one_line

_DEEPEST = 12

_OTHER_NAME = (62, 64)  # X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH
_UNKNOWN_ISSUER = (2, 7, 18, 19, 20, 21)
_EXPIRED, _NOT_YET = 10, 9


def reason_of(error: BaseException, host: str, proxy: Proxy | None = None) -> str:
    """The reason, as the end of a sentence. It quotes nothing from the request.

    :param error: the HTTP library's.
    :param host: the host that was called.
    :param proxy: the proxy in between, if any.
    """
    # Where a limit of our own ended the call, what else broke is the effect of it, not the reason.
    chain = [error] if isinstance(error, TooLargeError | LateError) else list(_chain(error))
    peer = f"the proxy that {proxy.variable} names" if proxy else host
    for cause in chain:
        if found := _reason(cause, host, peer):
            return found
    for cause in chain:
        if found := _reason_by_name(type(cause).__name__, cause, peer):
            return found
    return f"{type(chain[-1]).__name__}"


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and its causes, the innermost first."""
    found: list[BaseException] = []
    queue: list[BaseException | None] = [error]
    while queue and len(found) < _DEEPEST:
        cause = queue.pop(0)
        if cause is None or cause in found:
            continue
        found.append(cause)
        queue.extend(getattr(cause, "exceptions", ()))
        # aiohttp keeps them by name.
        queue += [getattr(cause, "certificate_error", None), getattr(cause, "os_error", None)]
        queue += [cause.__cause__, cause.__context__]
    return reversed(found)


def _reason(cause: BaseException, host: str, peer: str) -> str | None:
    if isinstance(cause, TooLargeError):
        return f"its answer is larger than {cause.most // 1024 // 1024} MB"
    if isinstance(cause, LateError):
        return f"there was no whole answer within {cause.seconds:.0f} s"
    if isinstance(cause, zlib.error):
        return "its answer can't be decompressed"
    if isinstance(cause, ssl.SSLCertVerificationError):
        return _certificate(cause, host)
    if isinstance(cause, ssl.SSLError):
        return f"{host} can't be spoken to by TLS ({one_line(cause.reason or 'unknown', 60)})"
    if isinstance(cause, socket.gaierror):
        later = ", for the moment" if cause.errno == socket.EAI_AGAIN else ""
        return f"the name of {peer} can't be resolved{later}"
    if isinstance(cause, ConnectionRefusedError):
        return f"{peer} refuses connections"
    if isinstance(cause, ConnectionResetError | BrokenPipeError):
        return "the connection was closed"
    if isinstance(cause, OSError) and cause.errno in (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL):
        return f"there is no way to {peer} on the network"
    return None


def _certificate(error: ssl.SSLCertVerificationError, host: str) -> str:
    if error.verify_code in _OTHER_NAME:
        return f"the certificate of {host} is for another name"
    if error.verify_code == _EXPIRED:
        return f"the certificate of {host} has expired"
    if error.verify_code == _NOT_YET:
        return f"the certificate of {host} is not valid yet; is this machine's clock right?"
    if error.verify_code in _UNKNOWN_ISSUER:
        return f"the certificate of {host} is signed by nobody this machine trusts (see SSL_CERT_FILE)"
    return f"the certificate of {host} can't be trusted ({one_line(error.verify_message, 100)})"


def _reason_by_name(name: str, cause: BaseException, peer: str) -> str | None:
    """The reason by the name of the error's class, so that neither library has to be imported."""
    if "Proxy" in name:
        status = getattr(cause, "status", None) or str(cause)[:3]
        said = f" with HTTP {status}" if str(status).isdigit() else ""
        return f"{peer} refuses the way{said}"
    if name in ("ConnectTimeout", "ConnectionTimeoutError", "PoolTimeout"):
        return f"{peer} took no connection in time"
    if "Timeout" in name:
        return "there was no answer in time"
    if "Disconnected" in name or "Payload" in name or name in ("ReadError", "WriteError", "CloseError"):
        return "the connection was closed"
    if name == "RemoteProtocolError":
        return "the connection was closed" if "isconnected" in str(cause) or "closed" in str(cause) else _NO_HTTP
    if name in ("BadStatusLine", "BadHttpMessage", "LineTooLong", "InvalidHeader", "ClientResponseError"):
        return _NO_HTTP
    return None


_NO_HTTP = "what came back is no HTTP"
