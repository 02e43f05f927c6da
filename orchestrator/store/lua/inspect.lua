-- Looks at jobs that have not ended. ARGV: services by stage (JSON), longest wait (ms), ids.
-- A job that is in no place, or whose time is over, gets a wake-up call: its turn finds out.
-- Returns a list of calls.
need_room()
local services, longest_ms, calls = cjson.decode(ARGV[1]), tonumber(ARGV[2]), {}
for i = 3, #ARGV do
  local id = ARGV[i]
  local job = redis.call('HMGET', job_key(id), 'status', 'stage', 'lease.worker', 'paused_at',
                         'waited_ms', 'deadline.job', 'deadline.stage', 'priority', 'client')
  local status = job[1]
  if not status or TERMINAL[status] then
    redis.call('ZREM', P .. 'active', id)
  elseif not job[3] and not redis.call('ZSCORE', P .. 'waiting', id) then
    local service = services[job[2]]
    local queue = line_key(service, job[8]) .. ':' .. job[9]
    local in_line = redis.call('ZSCORE', queue, id)
    local is_due = redis.call('ZSCORE', P .. 'due', id)
    local over = false
    if job[4] then
      over = tonumber(job[5]) + NOW - tonumber(job[4]) > longest_ms
    elseif job[6] and job[7] then
      over = NOW > math.min(tonumber(job[6]), tonumber(job[7]))
    end
    if over or not (in_line or is_due) then
      displace(id, service)
      calls[#calls + 1] = call_for(id)
    end
  end
end
return calls
