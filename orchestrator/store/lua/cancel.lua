-- Ends a job in any status, at once. ARGV: id, services and limits by stage (JSON), retention (ms).
-- Returns false (no such job) or {the status it had, JSON list of calls for admitted jobs}.
need_room()
local id, services, retention_ms = ARGV[1], cjson.decode(ARGV[2]), tonumber(ARGV[3])
local job = redis.call('HMGET', job_key(id), 'status', 'stage')
local status, stage = job[1], job[2]
if not status then return false end
if TERMINAL[status] then return {status, '[]'} end

local calls, service = {}, services[stage]
displace(id, service.name)
drop_remote(id, stage, service.name, calls)
for name in pairs(services) do
  local state = get(id, name .. '.status')
  if state == 'pending' or state == 'processing' then set(id, name .. '.status', 'cancelled') end
end
set(id, 'updated_at', text(NOW))
redis.call('HINCRBY', job_key(id), 'lease.number', 1)
record(id, {type = 'cancelled', stage = stage})
leave(id, service.name, service.limit, calls)
finish(id, 'cancelled', retention_ms)
announce(id)
return {status, #calls > 0 and cjson.encode(calls) or '[]'}
