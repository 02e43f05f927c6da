-- Removes a job that has ended. ARGV: id, service names by stage (JSON).
-- Returns false (no such job), 0 (it still runs) or 1. What is already expired is removed from
-- the indexes all the same.
local id, services = ARGV[1], cjson.decode(ARGV[2])
local status = get(id, 'status')
if status and not TERMINAL[status] then return 0 end
if status then
  for stage, service in pairs(services) do drop_remote(id, stage, service, {}) end
end
for _, part in ipairs(PARTS) do redis.call('DEL', job_key(id) .. part) end
redis.call('ZREM', P .. 'expiring', id)
redis.call('ZREM', P .. 'active', id)
for _, index in ipairs(indexes(redis.call('HGET', P .. 'owners', id))) do
  redis.call('ZREM', index, id)
  for name in pairs(TERMINAL) do redis.call('ZREM', index .. ':' .. name, id) end
end
redis.call('HDEL', P .. 'owners', id)
for _, tag in ipairs(cjson.decode(redis.call('HGET', P .. 'tags', id) or '[]')) do
  redis.call('ZREM', P .. 'jobs:tag:' .. tag, id)
end
redis.call('HDEL', P .. 'tags', id)
if status then announce(id) end
return status and 1 or false
