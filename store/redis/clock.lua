-- `now`: by Redis's own clock, the only one that all processes share, in µs.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
