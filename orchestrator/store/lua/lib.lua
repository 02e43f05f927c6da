-- Shared by all scripts: every move of a job between the places where it can be.
-- A job that has not ended is in exactly one place: leased, waiting (a message was sent),
-- due (at a time), or in the line of a service.
-- KEYS[1] is the prefix of every key; keys are derived from it, so this is not for Redis Cluster.

local P = KEYS[1]
local clock = redis.call('TIME')
local NOW = clock[1] * 1000 + math.floor(clock[2] / 1000)
local PRIORITIES = {'high', 'normal', 'low'}
local TERMINAL = {completed = true, failed = true, cancelled = true}

local function text(number) return string.format('%.0f', number) end
local function job_key(id) return P .. 'job:' .. id end
local PARTS = {'', ':events', ':segments', ':result', ':deliveries'}  -- the keys of one job
local function get(id, field) return redis.call('HGET', job_key(id), field) end
local function set(id, ...) redis.call('HSET', job_key(id), ...) end
local function drop(id, ...) redis.call('HDEL', job_key(id), ...) end
-- The breaker of the instance that a stage's remote job is at, where it has one of its own.
local function breaker_key(id, stage, service)
  local key = P .. 'breaker:' .. service
  local own = key .. '@' .. (get(id, stage .. '.instance') or '')
  return redis.call('EXISTS', own) == 1 and own or key
end
local function is_alive(worker) return redis.call('EXISTS', P .. 'heartbeat:' .. worker) == 1 end
-- A full Redis refuses what adds and runs what removes: a script that does both asks first, so
-- that it is done as a whole or not at all. Writes nothing.
local function need_room() redis.call('SETRANGE', P .. 'room', 0, '') end

-- What happened to a job, told to whoever follows it: its history, and progress and segments too.
-- The bound is for a job that tells of progress every few seconds for half a day.
local function tell(id, kind, data, event_id)
  redis.call('XADD', job_key(id) .. ':events', 'MAXLEN', '~', 10000, event_id or '*',
             'kind', kind, 'data', data)
end

-- An entry of the history: a value for each of the names in events.py, which take more than they.
local function record(id, event)
  local attempt = event.stage and (event.attempt or get(id, event.stage .. '.attempt') or 1)
  tell(id, 'stage', cjson.encode({
    event.type, get(id, 'status') or 'queued', tonumber(get(id, 'overall_progress') or 0),
    event.stage, tonumber(attempt), event.worker or event.reason and cjson.null, event.reason}))
end

-- Some segments are one entry, which says where they are kept: in the transcript, or, as long as
-- there is none, in a list. Its id is the last of a row of ids, so that each segment has its own.
local function tell_segments(id, stage, told)
  if type(told.bodies) == 'table' then
    told.at = redis.call('LLEN', job_key(id) .. ':segments')
    for _, body in ipairs(told.bodies) do redis.call('RPUSH', job_key(id) .. ':segments', body) end
  end
  local last = redis.call('XREVRANGE', job_key(id) .. ':events', '+', '-', 'COUNT', 1)[1][1]
  local ms, number = last:match('(%d+)-(%d+)')
  if tonumber(ms) < NOW then ms, number = text(NOW), -1 end
  tell(id, 'segments', cjson.encode({stage, told.attempt, told.index, told.count, told.at}),
       ms .. '-' .. text(number + told.count))
end
local function announce(id) redis.call('PUBLISH', P .. 'changes', id) end

-- Indexes: all jobs and those of one owner, each of any status and by status.
local function indexes(owner)
  if not owner or owner == '' then return {P .. 'jobs'} end
  return {P .. 'jobs', P .. 'jobs:owner:' .. owner}
end
local function set_status(id, status)
  local old = get(id, 'status')
  if old == status then return end
  local created = redis.call('ZSCORE', P .. 'jobs', id)
  for _, index in ipairs(indexes(get(id, 'owner'))) do
    if old then redis.call('ZREM', index .. ':' .. old, id) end
    redis.call('ZADD', index .. ':' .. status, created, id)
  end
  set(id, 'status', status)
end

-- Clocks: deadlines move on by the time that was spent paused.
local function pause(id)
  redis.call('HSETNX', job_key(id), 'paused_at', text(NOW))
end
local function resume(id)
  local since = get(id, 'paused_at')
  if not since then return end
  local spent = math.max(0, NOW - tonumber(since))
  for _, field in ipairs({'deadline.job', 'deadline.stage', 'waited_ms'}) do
    redis.call('HINCRBY', job_key(id), field, text(spent))
  end
  drop(id, 'paused_at')
end

-- Who waits for a turn of a stage, in line or for a worker, and since when.
local function queue(id, stage) redis.call('ZADD', P .. 'queued:' .. stage, 'NX', NOW, id) end
local function unqueue(id, stage) redis.call('ZREM', P .. 'queued:' .. stage, id) end

-- A wake-up call: the number travels in the message.
local function wake(id, stage)
  local number = redis.call('INCR', P .. 'wakeups')
  redis.call('ZADD', P .. 'waiting', number, id)
  queue(id, stage)
  return number
end
local function call_for(id)
  local stage = get(id, 'stage')
  return {id, stage, wake(id, stage)}
end

-- The line of a service: priority first, then clients in turn, then age.
local function line_key(service, priority) return P .. 'line:' .. service .. ':' .. priority end
local function line_push(id, service)
  local job = redis.call('HMGET', job_key(id), 'priority', 'client', 'created_at')
  local clients = line_key(service, job[1])
  local round = redis.call('GET', P .. 'line:' .. service .. ':round') or '0'
  redis.call('ZADD', clients, 'NX', round, job[2])
  redis.call('ZADD', clients .. ':' .. job[2], job[3], id)
end
local function line_remove(id, service)
  local job = redis.call('HMGET', job_key(id), 'priority', 'client')
  local clients = line_key(service, job[1])
  local queue = clients .. ':' .. job[2]
  local removed = redis.call('ZREM', queue, id)
  if redis.call('EXISTS', queue) == 0 then redis.call('ZREM', clients, job[2]) end
  return removed == 1
end
local function line_pop(service)
  for _, priority in ipairs(PRIORITIES) do
    local clients = line_key(service, priority)
    local client = redis.call('ZRANGE', clients, 0, 0)[1]
    if client then
      local queue = clients .. ':' .. client
      local id = redis.call('ZPOPMIN', queue)[1]
      if redis.call('EXISTS', queue) == 1 then
        redis.call('ZADD', clients, redis.call('INCR', P .. 'line:' .. service .. ':round'), client)
      else
        redis.call('ZREM', clients, client)
      end
      return id
    end
  end
  return nil
end
local function has_line(service)
  for _, priority in ipairs(PRIORITIES) do
    if redis.call('EXISTS', line_key(service, priority)) == 1 then return true end
  end
  return false
end

-- Admission: at most `limit` jobs of a service are given to it at once.
local function admit(service, limit, calls)
  local inflight = P .. 'inflight:' .. service
  while redis.call('SCARD', inflight) < limit do
    local id = line_pop(service)
    if not id then break end
    if redis.call('EXISTS', job_key(id)) == 1 then
      redis.call('SADD', inflight, id)
      resume(id)
      record(id, {type = 'admitted', stage = get(id, 'stage')})
      calls[#calls + 1] = call_for(id)
    end
  end
end
-- Returns the number of the wake-up call, or nil where the job has to stand in line.
local function enter(id, service, limit)
  local inflight, stage = P .. 'inflight:' .. service, get(id, 'stage')
  if redis.call('SISMEMBER', inflight, id) == 0 then
    if has_line(service) or redis.call('SCARD', inflight) >= limit then
      line_push(id, service)
      queue(id, stage)
      pause(id)
      record(id, {type = 'lined_up', stage = stage})
      return nil
    end
    redis.call('SADD', inflight, id)
  end
  return wake(id, stage)
end
-- Which of a service's instances has the job, where there are several (see place.lua).
local function unplace(id)
  local given_to = get(id, 'placed')
  if not given_to then return end
  redis.call('SREM', given_to, id)
  drop(id, 'placed')
end
local function leave(id, service, limit, calls)
  unplace(id)
  redis.call('SREM', P .. 'inflight:' .. service, id)
  admit(service, limit, calls)
end

-- Leases.
local function release(id)
  local worker = get(id, 'lease.worker')
  if worker then
    redis.call('SREM', P .. 'leases:' .. worker, id)
    drop(id, 'lease.worker', 'lease.turn')
  end
end
-- Takes the job out of wherever it is.
local function displace(id, service)
  release(id)
  redis.call('ZREM', P .. 'waiting', id)
  redis.call('ZREM', P .. 'due', id)
  unqueue(id, get(id, 'stage'))
  line_remove(id, service)
end

-- Shared work: one remote job for all who asked for the same with the same input.
local function work_key(digest) return P .. 'work:' .. digest end
local WORK = {'holder', 'instance', 'remote_id', 'done_by'}  -- the rest are jobs that use it
-- Where those who use a remote job are noted: in the entry that leads to it, or, once somebody has
-- given it up, apart.
local function users_key(digest, remote_id)
  local key = work_key(digest)
  if redis.call('HGET', key, 'remote_id') == remote_id then return key end
  return key .. ':users:' .. remote_id
end
-- Notes that a job uses a remote job, for as long as that is known at all.
local function refer(id, digest, remote_id)
  local key = users_key(digest, remote_id)
  if redis.call('EXISTS', key) == 1 then redis.call('HSET', key, 'job:' .. id, '') end
end
local function unrefer(id, digest, remote_id)
  redis.call('HDEL', users_key(digest, remote_id), 'job:' .. id)
end
local function is_used(digest)
  local facts = 0
  for _, fact in ipairs(redis.call('HMGET', work_key(digest), unpack(WORK))) do
    if fact then facts = facts + 1 end
  end
  return redis.call('HLEN', work_key(digest)) > facts
end
local function wake_followers(digest, calls)
  local followers = work_key(digest) .. ':followers'
  for _, id in ipairs(redis.call('SMEMBERS', followers)) do
    if redis.call('ZREM', P .. 'due', id) == 1 then calls[#calls + 1] = call_for(id) end
  end
  redis.call('DEL', followers)
end
-- Leads nobody to a remote job any more. Who uses it still does: the last of them deletes it.
local function forget_work(digest, calls)
  local key = work_key(digest)
  local remote_id = redis.call('HGET', key, 'remote_id')
  redis.call('HDEL', key, unpack(WORK))
  if remote_id and redis.call('EXISTS', key) == 1 then
    redis.call('RENAME', key, users_key(digest, remote_id))
  end
  wake_followers(digest, calls)
end
-- Drops a job's reference to its remote job, if it has one; returns true where nobody else has any.
local function unshare(id, digest, remote_id, calls)
  local key = work_key(digest)
  redis.call('SREM', key .. ':followers', id)
  if not remote_id then
    if redis.call('HGET', key, 'holder') == id then forget_work(digest, calls) end
    return true
  end
  unrefer(id, digest, remote_id)
  local users = users_key(digest, remote_id)
  if users ~= key then return redis.call('EXISTS', users) == 0 end
  if is_used(digest) then return false end
  forget_work(digest, calls)
  return true
end

-- Joins the one remote job for a piece of work. Returns {'mine'} (submit it), {'there', instance,
-- remote id} (attach) or {'theirs'} (another job is just submitting it: wait).
local function join_work(id, digest, retention_ms)
  local key = work_key(digest)
  local work = redis.call('HMGET', key, 'holder', 'instance', 'remote_id')
  if work[3] then
    refer(id, digest, work[3])
    return {'there', work[2], work[3]}
  end
  if work[1] and work[1] ~= id then
    local holder = redis.call('HMGET', job_key(work[1]), 'status', 'stage')
    local holds = holder[1] and not TERMINAL[holder[1]]
                  and get(work[1], holder[2] .. '.work') == digest
    if holds then return {'theirs'} end
  end
  redis.call('HSET', key, 'holder', id)
  redis.call('PEXPIRE', key, retention_ms)
  return {'mine'}
end

-- A remote job that nobody needs is deleted by upkeep, also when the caller dies now.
local function delete_later(service, instance, remote_id)
  local member = cjson.encode({service, instance, remote_id})
  redis.call('ZADD', P .. 'deletions', NOW, member)
end

-- Takes a job from a piece of work: from its remote job, or from the one that it has joined and has
-- not noted as its own yet.
local function drop_work(id, digest, service, remote_id, instance, calls)
  if not remote_id and redis.call('HEXISTS', work_key(digest), 'job:' .. id) == 1 then
    remote_id, instance = unpack(redis.call('HMGET', work_key(digest), 'remote_id', 'instance'))
  end
  local sole = unshare(id, digest, remote_id, calls)
  if remote_id and sole then delete_later(service, instance, remote_id) end
end
local function drop_remote(id, stage, service, calls)
  local remote = redis.call('HMGET', job_key(id), stage .. '.work', stage .. '.job_id',
                            stage .. '.instance')
  if remote[1] then drop_work(id, remote[1], service, remote[2], remote[3], calls) end
end

-- A notice for the client's own address, in the same step that ends the job: none is lost.
local function notify(id, status)
  if redis.call('HEXISTS', job_key(id), 'callback_url') == 0 then return end
  local number = redis.call('HINCRBY', job_key(id), 'notices', 1)
  redis.call('HSET', job_key(id) .. ':deliveries', number, cjson.encode({
    job_status = status, created_ms = text(NOW), status = 'pending', attempts = 0}))
  redis.call('ZADD', P .. 'deliveries', NOW, id .. ':' .. number)
end

-- At its end a job's events become one value beside its text: a list of the first one's instant and,
-- for each, milliseconds since then, number, data and, if not `stage`, kind. Of the history, what is
-- as it was before is left out (''). A stream takes three times as much. Progress and what earlier
-- attempts said are of no use any more.
local function abridge(values, before)
  for place, value in ipairs(values) do
    if value == before[place] then values[place] = '' else before[place] = value end
  end
  return values
end
local function fold(id)
  local rows, before, attempts, first = {}, {}, {}, nil
  local function is_stale(stage, attempt)
    attempts[stage] = attempts[stage] or tonumber(get(id, stage .. '.attempt') or 1)
    return attempt ~= attempts[stage]
  end
  for _, entry in ipairs(redis.call('XRANGE', job_key(id) .. ':events', '-', '+')) do
    local kind, data = entry[2][2], entry[2][4]
    if kind ~= 'progress' then
      local ms, number = entry[1]:match('(%d+)-(%d+)')
      first = first or ms
      data = cjson.decode(data)
      if kind == 'stage' then
        rows[#rows + 1] = {ms - first, tonumber(number), abridge(data, before)}
      elseif kind ~= 'segments' or not is_stale(data[1], data[2]) then
        rows[#rows + 1] = {ms - first, tonumber(number), data, kind}
      end
    end
  end
  table.insert(rows, 1, tonumber(first))
  redis.call('HSET', job_key(id) .. ':result', 'history', cjson.encode(rows))
  redis.call('DEL', job_key(id) .. ':events')
end
-- The events of that value: {id, kind, data}.
local function unfold(id)
  local rows = cjson.decode(redis.call('HGET', job_key(id) .. ':result', 'history') or '[0]')
  local events, before, first = {}, {}, table.remove(rows, 1)
  for _, row in ipairs(rows) do
    local kind, data = row[4] or 'stage', row[3]
    for place, value in ipairs(kind == 'stage' and data or {}) do
      if value == '' then data[place] = before[place] else before[place] = value end
    end
    events[#events + 1] = {text(first + row[1]) .. '-' .. text(row[2]), kind, data}
  end
  return events
end

-- Ends, counted in all, by five minutes and, where a job failed, by code and hour. A service may
-- make up codes as it likes: those that come after the first fifty are counted as one.
local CODES, WINDOW_MS, HOUR_MS = 50, 300000, 3600000
local function tally(key, field, lifetime_ms)
  redis.call('HINCRBY', P .. key, field, 1)
  if lifetime_ms then redis.call('PEXPIRE', P .. key, lifetime_ms) end
end
local function count_end(status, code)
  tally('ended', status)
  tally('ended:' .. text(math.floor(NOW / WINDOW_MS)), status, HOUR_MS + 2 * WINDOW_MS)
  if status ~= 'failed' then return end
  local all = P .. 'failures'
  local is_known = redis.call('HEXISTS', all, code) == 1
  if not is_known and redis.call('HLEN', all) >= CODES then code = 'other' end
  tally('failures', code)
  tally('failures:' .. text(math.floor(NOW / HOUR_MS)), code, 25 * HOUR_MS)
end

local function finish(id, status, retention_ms)
  set_status(id, status)
  drop(id, 'paused_at', 'deadline.job', 'deadline.stage', 'limit.job_ms', 'limit.stage_ms',
       'waited_ms')
  redis.call('ZREM', P .. 'active', id)
  local job = redis.call('HMGET', job_key(id), 'stage', 'overall_progress', 'error_code',
                         'error_message')
  tell(id, 'end', cjson.encode({
    status = status, stage = job[1] or nil, overall_progress = tonumber(job[2] or 0),
    error_code = job[3] or nil, error_message = job[4] or nil}))
  fold(id)
  if status == 'completed' then redis.call('DEL', job_key(id) .. ':segments') end
  count_end(status, job[3] or 'unknown')
  notify(id, status)
  local expires = NOW + retention_ms
  redis.call('ZADD', P .. 'expiring', expires, id)
  for _, part in ipairs(PARTS) do redis.call('PEXPIREAT', job_key(id) .. part, text(expires)) end
end
