-- Tells how many jobs wait for a turn of each stage, and how long the first of them has (ms).
-- ARGV: stages. Returns {count, wait or ''} for each, in turn. Who is listed and does not wait is
-- taken off the list: otherwise what somebody removed by hand would wait for ever.
local MOST, found = 20, {}
local function is_waiting(id, stage)
  local job = redis.call('HMGET', job_key(id), 'status', 'stage', 'lease.worker')
  return job[1] and not TERMINAL[job[1]] and job[2] == stage and not job[3]
end
for _, stage in ipairs(ARGV) do
  local key = P .. 'queued:' .. stage
  local first
  for _ = 1, MOST do
    first = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
    if not first[1] or is_waiting(first[1], stage) then break end
    redis.call('ZREM', key, first[1])
  end
  local wait = first[2] and text(math.max(0, NOW - first[2])) or ''
  found[#found + 1] = {redis.call('ZCARD', key), wait}
end
return found
