-- The one way in which an owner writes. ARGV: id, lease number, write id, change (JSON).
-- Refused ({false, reason}) when the lease has a newer owner or the job has ended; repeated with
-- the same write id it returns what it returned the first time.
-- Returns {true, JSON of the number of its own wake-up call, or null, and of other jobs' calls}.
need_room()
local id, number, write, change = ARGV[1], ARGV[2], ARGV[3], cjson.decode(ARGV[4])
local held = redis.call('HMGET', job_key(id), 'status', 'lease.number', 'lease.worker',
                        'write.id', 'write.reply', 'stage')

-- A remote job whose id comes too late to be noted is deleted, unless somebody knows it all the
-- same, or the next owner of this attempt is about to get it under the same idempotency key.
local function refuse(reason)
  local late, event = change.work, change.event
  if late and late.remote_id then
    local known = redis.call('HMGET', job_key(id), event.stage .. '.job_id',
                             event.stage .. '.attempt')
    local awaited = held[1] and not TERMINAL[held[1]] and not known[1]
                    and tonumber(known[2] or 1) == event.attempt
    local shared = redis.call('EXISTS', users_key(late.digest, late.remote_id)) == 1
    if not awaited and known[1] ~= late.remote_id and not shared then
      delete_later(late.service, late.instance, late.remote_id)
    end
  end
  return {false, reason}
end

if not held[1] then return refuse('the job does not exist') end
if held[4] == write then return {true, held[5] or '[null]'} end
if TERMINAL[held[1]] then return refuse('the job is ' .. held[1]) end
if held[2] ~= number then return refuse('somebody newer owns it') end
if not held[3] then return refuse('it was given back') end

local calls, woken = {}, nil
local progress = held[6] .. '.progress'
local before = tonumber(get(id, progress) or 0)
for field, value in pairs(change.set) do set(id, field, value) end
for _, field in ipairs(change.stamp) do set(id, field, text(NOW)) end
for _, field in ipairs(change.clear) do
  if field == held[6] .. '.instance' then unplace(id) end
  drop(id, field)
end
set(id, 'updated_at', text(NOW))
if change.paused == true then pause(id) elseif change.paused == false then resume(id) end

local work = change.work
if work then
  local key = work_key(work.digest)
  if work.forget then
    unrefer(id, work.digest, work.forget)
    if redis.call('HGET', key, 'remote_id') == work.forget then forget_work(work.digest, calls) end
  elseif work.abandon then
    drop_work(id, work.digest, work.service, nil, nil, calls)
  else
    local other = redis.call('HGET', key, 'remote_id')
    if other and other ~= work.remote_id then forget_work(work.digest, calls) end
    redis.call('HSET', key, 'instance', work.instance, 'remote_id', work.remote_id)
    redis.call('HDEL', key, 'holder')
    redis.call('PEXPIRE', key, work.retention_ms)
    refer(id, work.digest, work.remote_id)
    wake_followers(work.digest, calls)
  end
end
if change.drop_remote then drop_remote(id, held[6], change.drop_remote, calls) end
if change.transcript then
  redis.call('HSET', job_key(id) .. ':result', unpack(change.transcript))
  local done = work_key(get(id, held[6] .. '.work'))
  if redis.call('EXISTS', done) == 1 then redis.call('HSET', done, 'done_by', id) end
end
if change.set[progress] and change.set[progress] ~= before and not change.event then
  tell(id, 'progress', cjson.encode({
    status = held[1], stage = held[6], progress = change.set[progress],
    overall_progress = tonumber(get(id, 'overall_progress') or 0)}))
end
if change.segments then tell_segments(id, held[6], change.segments) end
if change.event then record(id, change.event) end

local move = change.move
if move.kind == 'wake' then
  release(id)
  woken = wake(id, held[6])
elseif move.kind == 'due' then
  release(id)
  redis.call('ZADD', P .. 'due', NOW + move.in_ms, id)
  if move.follow then
    -- The holder may have submitted in the meantime: then there is nothing to wait for.
    local key = work_key(move.follow)
    if redis.call('HEXISTS', key, 'remote_id') == 1 or redis.call('EXISTS', key) == 0 then
      redis.call('ZADD', P .. 'due', NOW, id)
    else
      redis.call('SADD', key .. ':followers', id)
      redis.call('PEXPIRE', key .. ':followers', 3600000)
    end
  end
elseif move.kind == 'enter' then
  release(id)
  set(id, 'stage', move.stage, 'deadline.stage', text(NOW + get(id, 'limit.stage_ms')))
  if move.service ~= move.from_service then leave(id, move.from_service, move.from_limit, calls) end
  woken = enter(id, move.service, move.limit)
elseif move.kind == 'end' then
  release(id)
  leave(id, move.service, move.limit, calls)
  finish(id, move.status, move.retention_ms)
end

-- Short enough for Redis to pack the job's hash: a value of over 64 bytes trebles what it takes.
local is_kept = woken or #calls > 0
table.insert(calls, 1, woken or cjson.null)
local reply = cjson.encode(calls)
set(id, 'write.id', write)
if is_kept then set(id, 'write.reply', reply) else drop(id, 'write.reply') end
announce(id)
return {true, reply}
