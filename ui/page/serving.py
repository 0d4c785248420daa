"""Serve the page in this process: Streamlit's ASGI application behind the guard. `server.py` starts it."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from .hosts import known_hosts
from .login import given_hosts, is_local, is_served_beyond
from .visits import VISITS

PING = 30.0
"""Time between two signs of life of a connection, and time until a missing one closes it, in seconds."""


def main(arguments: Sequence[str]) -> None:
    """Run the server until it is asked to end.

    Args:
        arguments: `run`, the script, and Streamlit's options as `--name=value`.
    """
    import streamlit as st
    import uvicorn
    from starlette.middleware import Middleware
    from streamlit.starlette import App
    from streamlit.web.bootstrap import load_config_options

    from .guard import MAX_FRAME, Guard

    script = Path(arguments[1])
    load_config_options(dict(map(option, arguments[2:])))
    # Like `streamlit run`: the folder of the script comes first.
    sys.argv = [str(script)]
    sys.path.insert(0, str(script.parent))
    address = st.get_option("server.address")
    hosts = known_hosts(address, given_hosts(), is_local(address))
    if not is_served_beyond():  # also before the first visit: a tab may outlive an earlier server
        VISITS.admit_everyone()
    base = "/" + st.get_option("server.baseUrlPath").strip("/")
    guard = Middleware(Guard, hosts=hosts, base=base.rstrip("/"))
    uvicorn.run(
        App(script, middleware=[guard]),
        host=address,
        port=st.get_option("server.port"),
        http="h11",
        ws="websockets-sansio",
        ws_max_size=MAX_FRAME,
        ws_ping_interval=PING,
        ws_ping_timeout=PING,
        ws_per_message_deflate=False,
        ssl_certfile=st.get_option("server.sslCertFile"),
        ssl_keyfile=st.get_option("server.sslKeyFile"),
        log_level="error",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=1,
    )


def option(text: str) -> tuple[str, object]:
    """Return name and value of an option such as `--server.port=8501`."""
    name, _, value = text.removeprefix("--").partition("=")
    try:
        return name, json.loads(value)
    except json.JSONDecodeError:
        return name, value


if __name__ == "__main__":
    main(sys.argv[1:])
