"""Reads cases as JSON lines, writes the instants that Python's zoneinfo finds for them, in milliseconds."""
import json
import sys
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo


def instant(zone, day, time):
    hour, minute = map(int, time.split(":"))
    # fold=0: the first of two, and the offset before a gap.
    local = datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone)
    return round(local.timestamp() * 1000)


def local_day(zone, ms):
    return datetime.fromtimestamp(ms / 1000, zone).date()


def solve(case):
    zone, now, time = ZoneInfo(case["zone"]), case["now"], case["time"]
    if case["kind"] == "daysBefore":
        return instant(zone, local_day(zone, case["date"]) - timedelta(days=case["days"]), time)
    day = local_day(zone, now)
    while True:
        at = instant(zone, day, time)
        if at > now and (case["kind"] == "next" or day.weekday() < 5):
            return at
        day += timedelta(days=1)


print(json.dumps([solve(json.loads(line)) for line in sys.stdin if line.strip()]))
