-- The admission queue of each service, ordered by priority, then clients in turn, then age.
-- A job that has not ended is in exactly one of these: leased, waiting (a message was sent), due
-- (at a time) or in an admission queue.
local function queue_key(service, priority) return P .. 'line:' .. service .. ':' .. priority end
local function push(id, service)
  local job = redis.call('HMGET', job_key(id), 'priority', 'client', 'created_at')
  local clients = queue_key(service, job[1])
  local round = redis.call('GET', P .. 'line:' .. service .. ':round') or '0'
  redis.call('ZADD', clients, 'NX', round, job[2])
  redis.call('ZADD', clients .. ':' .. job[2], job[3], id)
end
local function withdraw(id, service)
  local job = redis.call('HMGET', job_key(id), 'priority', 'client')
  local clients = queue_key(service, job[1])
  redis.call('ZREM', clients .. ':' .. job[2], id)
  if not exists(clients .. ':' .. job[2]) then redis.call('ZREM', clients, job[2]) end
end
local function pop(service)
  for _, priority in ipairs(PRIORITIES) do
    local clients = queue_key(service, priority)
    local client = redis.call('ZRANGE', clients, 0, 0)[1]
    if client then
      local id = redis.call('ZPOPMIN', clients .. ':' .. client)[1]
      if exists(clients .. ':' .. client) then
        redis.call('ZADD', clients, redis.call('INCR', P .. 'line:' .. service .. ':round'), client)
      else
        redis.call('ZREM', clients, client)
      end
      return id
    end
  end
  return nil
end
local function has_queue(service)
  for _, priority in ipairs(PRIORITIES) do
    if exists(queue_key(service, priority)) then return true end
  end
  return false
end

-- Admission: a service is given at most `limit` jobs at once.
local function admit(service, limit, calls)
  local inflight = P .. 'inflight:' .. service
  while redis.call('SCARD', inflight) < limit do
    local id = pop(service)
    if not id then break end
    if exists(job_key(id)) then
      redis.call('SADD', inflight, id)
      resume(id)
      record(id, {type = 'admitted', stage = get(id, 'stage')})
      calls[#calls + 1] = call_for(id)
    end
  end
end
-- Return the number of the wake-up call, or nil if the job has to queue.
local function enter(id, service, limit)
  local inflight, stage = P .. 'inflight:' .. service, get(id, 'stage')
  if redis.call('SISMEMBER', inflight, id) == 0 then
    if has_queue(service) or redis.call('SCARD', inflight) >= limit then
      push(id, service)
      start_wait(id, stage)
      pause(id)
      record(id, {type = 'lined_up', stage = stage})
      return nil
    end
    redis.call('SADD', inflight, id)
  end
  return wake(id, stage)
end
-- Take a job off the instance that was chosen for it (see ChooseInstance).
local function unassign(id)
  local assigned_to = get(id, 'placed')
  if not assigned_to then return end
  redis.call('SREM', assigned_to, id)
  drop(id, 'placed')
end
local function leave(id, service, limit, calls)
  unassign(id)
  redis.call('SREM', P .. 'inflight:' .. service, id)
  admit(service, limit, calls)
end

local function release(id)
  local worker = get(id, 'lease.worker')
  if worker then
    redis.call('SREM', P .. 'leases:' .. worker, id)
    drop(id, 'lease.worker', 'lease.turn')
  end
end
-- Take a job out of whichever of the four it is in.
local function displace(id, service)
  release(id)
  redis.call('ZREM', P .. 'waiting', id)
  redis.call('ZREM', P .. 'due', id)
  end_wait(id, get(id, 'stage'))
  withdraw(id, service)
end

function commands.AdmitJobs(args)
  require_memory()
  local calls = {}
  for _, id in ipairs(args.sample) do
    local status = get(id, 'status')
    if not status or TERMINAL[status] then
      redis.call('SREM', P .. 'inflight:' .. args.service, id)
    end
  end
  admit(args.service, args.limit, calls)
  return calls
end

function commands.GetQueuePosition(args)
  local id, service = args.job_id, args.service
  local job = redis.call('HMGET', job_key(id), 'priority', 'client')
  if not job[1] then return 0 end
  local clients = queue_key(service, job[1])
  local rank = redis.call('ZRANK', clients .. ':' .. job[2], id)
  if not rank then return 0 end

  local position = rank + 1
  local own_turn = redis.call('ZRANK', clients, job[2])
  for turn, client in ipairs(redis.call('ZRANGE', clients, 0, -1)) do
    if client ~= job[2] then
      -- Clients take turns, so each of the others goes at most once for each of this one's jobs.
      local rounds = turn - 1 < own_turn and rank + 1 or rank
      position = position + math.min(rounds, redis.call('ZCARD', clients .. ':' .. client))
    end
  end
  for _, priority in ipairs(PRIORITIES) do
    if priority == job[1] then break end
    local before = queue_key(service, priority)
    for _, client in ipairs(redis.call('ZRANGE', before, 0, -1)) do
      position = position + redis.call('ZCARD', before .. ':' .. client)
    end
  end
  return position
end

function commands.InspectJobs(args)
  require_memory()
  local calls = {}
  for _, id in ipairs(args.job_ids) do
    local job = redis.call('HMGET', job_key(id), 'status', 'stage', 'lease.worker', 'paused_at',
                           'waited_ms', 'deadline.job', 'deadline.stage', 'priority', 'client')
    local status = job[1]
    if not status or TERMINAL[status] then
      redis.call('ZREM', P .. 'active', id)
    elseif not job[3] and not redis.call('ZSCORE', P .. 'waiting', id) then
      local service = args.services[job[2]]
      local queue = queue_key(service, job[8]) .. ':' .. job[9]
      local is_queued = redis.call('ZSCORE', queue, id)
      local is_due = redis.call('ZSCORE', P .. 'due', id)
      local is_late = false
      if job[4] then
        is_late = tonumber(job[5]) + NOW - tonumber(job[4]) > args.longest_wait_ms
      elseif job[6] and job[7] then
        is_late = NOW > math.min(tonumber(job[6]), tonumber(job[7]))
      end
      if is_late or not (is_queued or is_due) then
        displace(id, service)
        calls[#calls + 1] = call_for(id)
      end
    end
  end
  return calls
end
