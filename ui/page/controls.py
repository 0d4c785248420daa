"""Draw the settings of a tab as widgets. A change is written into the query, and so into the address."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import streamlit as st

from .language import keyed, say
from .session import current, set_tab, show

Value = TypeVar("Value", str, int)


def select(
    label: str,
    setting: str,
    options: Sequence[Value],
    value: Value,
    named: Callable[[Value], str] = str,
    key: str | None = None,
    width: int = 180,
) -> Value:
    """Draw a list from which one value of a setting is chosen, and return the value.

    Args:
        setting: Field of `Tab`.
        key: Key of the widget. None for one that the setting gives.
    """
    key = keyed(key or f"tab-{setting}")
    show(key, value if value in options else options[0])
    names = {option: named(option) for option in options}
    st.selectbox(
        label,
        options,
        format_func=names.__getitem__,
        key=key,
        on_change=_changed(setting, key),
        width=width,
        filter_mode=None,
    )
    chosen: Value = st.session_state[key]
    return chosen


def segments(label: str, setting: str, names: Mapping[str, str], value: str) -> str:
    """Draw a few values of a setting side by side, and return the chosen one."""
    key = keyed(f"tab-{setting}")
    show(key, value if value in names else next(iter(names)))
    shown = {name: say(text) for name, text in names.items()}
    st.segmented_control(
        label,
        list(names),
        format_func=shown.__getitem__,
        key=key,
        required=True,
        on_change=_changed(setting, key),
    )
    chosen: str = st.session_state[key]
    return chosen


def text(label: str, setting: str, value: str, help_text: str, longest: int = 500) -> None:
    """Draw a field into which the value of a setting is typed."""
    key = f"tab-{setting}"
    show(key, value)
    st.text_input(
        label, key=key, max_chars=longest, help=help_text, on_change=_changed(setting, key, str.strip), width=180
    )


def _set(setting: str, value: object) -> None:
    changes: dict[str, Any] = {setting: value}
    set_tab(replace(current().tab, **changes))


def _changed(setting: str, key: str, read: Callable[[str], str] | None = None) -> Callable[[], None]:
    def changed() -> None:
        value = st.session_state[key]
        _set(setting, value if read is None else read(value))

    return changed


def filters(label: str, value: Sequence[str], help_text: str) -> None:
    """Draw a field into which filters are typed, one or several that semicolons separate."""
    key = "tab-against"
    show(key, "; ".join(value))

    def changed() -> None:
        typed = tuple(part.strip() for part in str(st.session_state[key]).split(";") if part.strip())
        _set("against", typed)

    st.text_input(label, key=key, max_chars=500, help=help_text, on_change=changed, width=180)


def several(
    label: str, setting: str, options: Sequence[str], value: Sequence[str], named: Callable[[str], str]
) -> None:
    """Draw a list from which several values of a setting are chosen."""
    key = keyed(f"tab-{setting}")
    show(key, [each for each in value if each in options])

    def changed() -> None:
        _set(setting, tuple(st.session_state[key]))

    names = {option: named(option) for option in options}
    st.multiselect(
        label, options, format_func=names.__getitem__, key=key, on_change=changed, placeholder=say("all"), width=260
    )


def number(label: str, setting: str, value: int, highest: int) -> None:
    """Draw a field into which a whole number from 0 is typed."""
    key = f"tab-{setting}"
    show(key, value)
    st.number_input(label, 0, highest, key=key, on_change=_changed(setting, key), width=120)
