-- Webhook deliveries, each stored in the step that ends its job, so that none is lost.
local function add_delivery(id, status)
  if redis.call('HEXISTS', job_key(id), 'callback_url') == 0 then return end
  local number = redis.call('HINCRBY', job_key(id), 'notices', 1)
  redis.call('HSET', job_key(id) .. ':deliveries', number, cjson.encode({
    job_status = status, created_ms = text(NOW), status = 'pending', attempts = 0}))
  redis.call('ZADD', P .. 'deliveries', NOW, id .. ':' .. number)
end

function commands.TakeDeliveries(args)
  local taken, due = {}, P .. 'deliveries'
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', due, '-inf', NOW, 'LIMIT', 0, args.limit)) do
    local id, number = string.match(member, '^(.*):(%d+)$')
    local url = get(id, 'callback_url')
    local found = redis.call('HGET', job_key(id) .. ':deliveries', number)
    if url and found then
      redis.call('ZADD', due, NOW + args.visibility_timeout_ms, member)
      taken[#taken + 1] = {job_id = id, number = number, url = url, record = found}
    else
      redis.call('ZREM', due, member)  -- the job is gone
    end
  end
  return {taken = taken, now = text(NOW)}
end

function commands.RecordDelivery(args)
  local key, member = job_key(args.job_id) .. ':deliveries', args.job_id .. ':' .. args.number
  if redis.call('HGET', key, args.number) ~= args.before then return 0 end
  redis.call('HSET', key, args.number, args.after)
  if args.in_ms then
    redis.call('ZADD', P .. 'deliveries', NOW + args.in_ms, member)
  else
    redis.call('ZREM', P .. 'deliveries', member)
  end
  return 1
end

function commands.ResendDelivery(args)
  local key = job_key(args.job_id) .. ':deliveries'
  if redis.call('HEXISTS', key, args.number) == 0 then return 0 end
  redis.call('HSET', key, args.number, args.record)
  redis.call('ZADD', P .. 'deliveries', NOW, args.job_id .. ':' .. args.number)
  return 1
end
