"""Whether schedules and time zones are accepted as a CronJob accepts them."""

from __future__ import annotations

import zoneinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import FEW
from floe_compiler.model.schedules import check_schedule, check_time_zone
from tables import table


@table(
    "schedule",
    [
        *("* * * * *", "0 */6 * * *", "30 4 1,15 * 5", "0 2 * * MON-FRI", "5/15 * * jan,DEC sun", "0-30/5 * * * *"),
        *("0 0 29 2 *", "0 0 31 2 1", "0 0 31 1-4 *", "@daily", "@hourly", "@yearly", "@midnight"),
    ],
)
def test_valid_schedules_are_accepted(schedule: str) -> None:
    assert check_schedule(schedule) == schedule


def test_spaces_are_normalised() -> None:
    assert check_schedule(" 0  2 *\t* * ") == "0 2 * * *"


@table(
    "schedule, message",
    [
        ("", "has 0 fields"),
        ("0 2 * *", "has 4 fields"),
        ("0 0 2 * * *", "has 6 fields; a schedule has five"),
        ("60 * * * *", "its minute must be in 0-59"),
        ("* 24 * * *", "its hour must be in 0-23"),
        ("0 0 0 * *", "its day-of-month must be in 1-31"),
        ("0 0 31 2 *", "its day-of-month must be in 1-31, and a day that one of the months has"),
        ("0 0 31 4,6,9,11 *", "its day-of-month"),
        ("* * * 13 *", "its month must be in 1-12 or JAN-DEC"),
        ("0 0 * * FRI-MON", 'day-of-week "FRI-MON" ends before it begins: split it into two ranges, each within 0-6'),
        ("0 5-1 * * *", 'hour "5-1" ends before it begins: split it into two ranges, each within 0-23'),
        ("0 0 * oct-FEB/2 *", 'month "oct-FEB/2" ends before it begins'),
        ("0 0 * * 5-SUN", 'day-of-week "5-SUN" ends before it begins'),
        ("0 20-30 * * *", "its hour must be in 0-23"),
        ("0 0 * * 7", 'day-of-week "7" must be in 0-6 or SUN-SAT; Sunday is 0'),
        ("0 0 * * 5-7", 'day-of-week "5-7"'),
        ("0 0 L * *", 'day-of-month "L"'),
        ("0 0 * * 5L", 'day-of-week "5L"'),
        ("0 0 * * MON#1", 'day-of-week "MON#1"'),
        ("0 0 1? * *", 'day-of-month "1?"'),
        ("*/90 * * * *", 'the step of minute "*/90" must be from 1 to 59'),
        ("*/0 * * * *", 'the step of minute "*/0"'),
        ("1,,2 * * * *", 'minute ""'),
        ("0 0 * XXX *", "its month"),
        ("1٢ * * * *", 'minute "1٢"'),
        ("TZ=UTC 0 2 * * *", "holds a time zone"),
        ("CRON_TZ=Europe/Berlin 0 2 * * *", "holds a time zone"),
        ("@reboot", "known: @annually, @daily"),
        ("@every 1h", "is not a schedule; "),
        ("@dayly", 'did you mean "@daily"?'),
    ],
)
def test_invalid_schedules_are_refused_with_a_fix(schedule: str, message: str) -> None:
    with pytest.raises(ValueError) as raised:
        check_schedule(schedule)
    assert message in str(raised.value)
    assert "; " in str(raised.value)


@pytest.mark.parametrize(
    ("schedule", "canonical"),
    [("0 0 ? * *", "0 0 * * *"), ("?/5 ? 1 * ?", "*/5 * 1 * *"), ("0 0 1,? * *", "0 0 1,* * *")],
)
def test_a_question_mark_means_any_value(schedule: str, canonical: str) -> None:
    assert check_schedule(schedule) == canonical


@given(
    st.text("0123456789*/-,LW#?MONJAN@ ", max_size=15)
    | st.lists(st.text("0157*/-,"), min_size=5, max_size=5).map(" ".join)
)
@FEW
def test_any_text_is_returned_or_refused(text: str) -> None:
    try:
        assert check_schedule(check_schedule(text)) == check_schedule(text)
    except ValueError as error:
        assert "; " in str(error)  # noqa: PT017 - either outcome is right; the message must have a remedy


@pytest.mark.parametrize("name", ["Etc/UTC", "UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires"])
def test_valid_time_zones_are_accepted(name: str) -> None:
    assert check_time_zone(name) == name
    assert zoneinfo.ZoneInfo(name).key == name


@table(
    "name, hint",
    [
        ("Berlin", 'did you mean "Europe/Berlin"?'),
        ("europe/berlin", 'did you mean "Europe/Berlin"?'),
        ("Europe/Berln", 'did you mean "Europe/Berlin"?'),
        ("CEST", "it is an abbreviation: write a place with this time, such as Europe/Berlin"),
        ("PDT", "it is an abbreviation: write a place with this time, such as America/Los_Angeles"),
        ("UTC+2", "write a place, such as Europe/Berlin, or Etc/GMT-2 for this offset all year"),
        ("GMT-05", "write a place, such as Europe/Berlin, or Etc/GMT+5 for this offset all year"),
        ("Local", "write a name, such as"),
        ("", "write a name, such as"),
        ("../etc/passwd", "write a name, such as"),
    ],
)
def test_invalid_time_zones_are_refused(name: str, hint: str) -> None:
    with pytest.raises(ValueError) as raised:
        check_time_zone(name)
    assert str(raised.value).startswith(f'"{name}" is not a time zone; {hint}')
