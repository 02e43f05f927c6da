-- Remember when the file of a job was last asked for; a removed job stays removed.
-- KEYS: job
-- ARGV: the present instant as jobs show it
if redis.call('EXISTS', KEYS[1]) == 1 then
  redis.call('HSET', KEYS[1], 'used_at', ARGV[1])
end
