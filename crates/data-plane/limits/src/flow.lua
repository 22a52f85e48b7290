-- A sliding period over all nodes: GCRA as a leaky bucket (see flow.rs). Time is this server's, in microseconds.
--
-- KEYS[1] is a hash: `level` at the time `at` under `quota`, and for each holder a field "hand loose sequence at":
-- what it holds, how much of that it didn't need at once, the number of its last word, and when that was.
local holder, sequence, quota, period = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local debt, hand, back = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local want, need = tonumber(ARGV[8]), tonumber(ARGV[9])
local known_level, known = tonumber(ARGV[10]), ARGV[11] == '1'
local leaves, channel = ARGV[12] == '1', ARGV[13]

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local now_ms = math.floor(now / 1000)

local head = redis.call('HMGET', KEYS[1], 'level', 'at', 'quota', 'young', 'recalled', holder)
local level, young, own = tonumber(head[1] or 0), tonumber(head[4] or 0), head[6]
if own then
  local last = string.match(own, '^%d+ %d+ (%d+)')
  if sequence <= tonumber(last) then return { 'stale', now_ms } end
end
if head[1] then
  -- Another quota: what was used stands for the same share.
  local old = tonumber(head[3])
  if old ~= quota then level = level * quota / old end
  level = level - math.max(0, now - tonumber(head[2])) * quota / period
end

-- The level doesn't sink below what is held, this holder's own hand as it was included: it may just have been spent.
local held, idle, crowd = 0, 0, 0
local all = redis.call('HGETALL', KEYS[1])
for index = 1, #all, 2 do
  if #all[index] == 32 then
    crowd = crowd + 1
    local theirs, loose, at = string.match(all[index + 1], '^(%d+) (%d+) %d+ (%d+)')
    if tonumber(at) > now_ms - 2000 then
      held = held + tonumber(theirs)
      if all[index] ~= holder then idle = idle + tonumber(loose) end
    elseif crowd > 64 then
      redis.call('HDEL', KEYS[1], all[index])
    end
  end
end
level = math.max(level, math.min(held, quota), 0)

-- The level was lost, or begun anew by another node: it is at least what this node knew.
if known and not own then
  level = math.max(level, known_level)
  if not head[1] and known_level > 0 then young = now_ms + 2000 end
end
level = math.max(0, level - back)
level = math.min(level + debt, math.max(level, quota))

local limit = quota
if now_ms < young then limit = quota - math.ceil(quota / 8) end
local free = math.floor(limit - level + 0.000001)
local grant = 0
if free > 0 then grant = math.min(free, math.max(need, math.min(want, math.floor(free / 8)))) end
level = level + grant

redis.call('HSET', KEYS[1], 'level', string.format('%.9f', level), 'at', string.format('%d', now), 'quota', quota,
  'young', young)
if leaves then
  redis.call('HDEL', KEYS[1], holder)
else
  local loose = math.max(0, hand + grant - need)
  redis.call('HSET', KEYS[1], holder, string.format('%d %d %d %d', hand + grant, loose, sequence, now_ms))
end
redis.call('PEXPIRE', KEYS[1], math.ceil(period / 1000) + 10000)

if grant >= need then
  idle = 0
elseif idle > 0 and now_ms >= tonumber(head[5] or 0) + 5 then
  redis.call('HSET', KEYS[1], 'recalled', now_ms)
  redis.call('PUBLISH', channel, KEYS[1])
end
return { 'ok', now_ms, grant, string.format('%.9f', level), idle, 0, math.max(0, young - now_ms) }
