-- Keys, the clock and access to a job's hash. KEYS[1] is the prefix of every key; the others are
-- derived from it, so the scripts do not run on Redis Cluster.
local P = KEYS[1]
local clock = redis.call('TIME')
local NOW = clock[1] * 1000 + math.floor(clock[2] / 1000)
local commands = {}  -- by the name of their class in commands.py

local function text(number) return string.format('%.0f', number) end
local function job_key(id) return P .. 'job:' .. id end
local PARTS = {'', ':events', ':segments', ':result', ':deliveries'}  -- the keys of one job
local function get(id, field) return redis.call('HGET', job_key(id), field) end
local function set(id, ...) redis.call('HSET', job_key(id), ...) end
local function set_all(id, fields)
  for field, value in pairs(fields) do set(id, field, value) end
end
local function drop(id, ...) redis.call('HDEL', job_key(id), ...) end
local function exists(key) return redis.call('EXISTS', key) == 1 end
local function is_alive(worker) return exists(P .. 'heartbeat:' .. worker) end

-- Fail if Redis is full. A full Redis refuses writes that add data and accepts those that remove
-- it; a command that does both checks first, so that it runs as a whole or not at all.
local function require_memory() redis.call('SETRANGE', P .. 'room', 0, '') end

-- Return named values as a list in the order of `fields`, which ends with the last one present.
local function as_row(fields, values)
  local row = {}
  for index = #fields, 1, -1 do
    local value = values[fields[index]]
    if value == nil and next(row) then value = cjson.null end
    row[index] = value
  end
  return row
end
local function as_values(fields, row)
  local values = {}
  for index, name in ipairs(fields) do values[name] = row[index] end
  return values
end
