-- Wake-up calls, and the clocks of jobs that wait for one.

-- Clocks: the time that a job spends paused is added to its deadlines.
local function pause(id) redis.call('HSETNX', job_key(id), 'paused_at', text(NOW)) end
local function resume(id)
  local since = get(id, 'paused_at')
  if not since then return end
  local spent = math.max(0, NOW - tonumber(since))
  for _, field in ipairs({'deadline.job', 'deadline.stage', 'waited_ms'}) do
    redis.call('HINCRBY', job_key(id), field, text(spent))
  end
  drop(id, 'paused_at')
end

-- The jobs that wait for a turn of a stage, in the admission queue or for a worker, and since when.
local function start_wait(id, stage) redis.call('ZADD', P .. 'queued:' .. stage, 'NX', NOW, id) end
local function end_wait(id, stage) redis.call('ZREM', P .. 'queued:' .. stage, id) end

-- Return the number of a new wake-up call, which travels in the message.
local function wake(id, stage)
  local number = redis.call('INCR', P .. 'wakeups')
  redis.call('ZADD', P .. 'waiting', number, id)
  start_wait(id, stage)
  return number
end
local function call_for(id)
  local stage = get(id, 'stage')
  return as_row(WAKE_UP_FIELDS, {job_id = id, stage = stage, number = wake(id, stage)})
end

function commands.WakeDueJobs(args)
  require_memory()
  local calls = {}
  local due = redis.call('ZRANGEBYSCORE', P .. 'due', '-inf', NOW, 'LIMIT', 0, args.limit)
  for _, id in ipairs(due) do
    redis.call('ZREM', P .. 'due', id)
    if exists(job_key(id)) then
      resume(id)
      calls[#calls + 1] = call_for(id)
    end
  end
  return calls
end

function commands.ResendWakeUpCalls(args)
  require_memory()
  local calls = {}
  for _, lost in ipairs(args.lost) do
    local id = lost.job_id
    if tonumber(redis.call('ZSCORE', P .. 'waiting', id)) == lost.number then
      if exists(job_key(id)) then
        record(id, {type = 'resent', stage = get(id, 'stage'), reason = 'its message was lost'})
        publish_change(id)
        calls[#calls + 1] = call_for(id)
      else
        redis.call('ZREM', P .. 'waiting', id)
      end
    end
  end
  return calls
end
