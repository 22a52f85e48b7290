-- Counts requests in a window with ends (a day, a month), over all nodes.
--
-- KEYS[1] is a hash: `base` is what was used by nobody that we know (as PostgreSQL counted; while that isn't known yet, it is
-- less than nothing by what of it is some holder's), `sum` is what all holders were granted, and each holder has a field "granted loose sequence at": how much it may have accepted in this
-- window, how much of that it didn't need at once, the number of its last word, and when that was (milliseconds).
-- A holder's word replaces its last one, so a word that was lost is put right by the next. `birth` is drawn by lot when the
-- count begins: by it a holder tells a count that was begun anew from the same one, as it was some time ago.
local holder, sequence, quota = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local spent, hand, told, known = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), ARGV[7] == '1'
local want, need, seed = tonumber(ARGV[8]), tonumber(ARGV[9]), ARGV[10]
local starts, ends, expires = tonumber(ARGV[11]), tonumber(ARGV[12]), tonumber(ARGV[13])
local leaves, channel, seed_is_of_before = ARGV[14] == '1', ARGV[15], ARGV[16] == '1'
local lot, known_birth = ARGV[17], ARGV[18]

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

-- A node whose clock is a little off asks for the wrong window at its edges. One that is hours off can't be helped.
local near = 3600000
if (ends > 0 and now > ends + 1000 and now < ends + near) or (starts > now + 1000 and starts < now + near) then
  return { 'clock', now }
end

local head = redis.call('HMGET', KEYS[1], 'base', 'sum', 'young', 'unseeded', 'recalled', holder, 'birth')
local base, sum, young = tonumber(head[1]), tonumber(head[2] or 0), tonumber(head[3] or 0)
local unseeded, own, birth = head[4], head[6], head[7]
local before = 0

if own then
  local granted, last = string.match(own, '^(%d+) %d+ (%d+)')
  if sequence <= tonumber(last) then return { 'stale', now } end
  before = tonumber(granted)
end
if not base then
  if seed == '' then return { 'fresh', now } end
  unseeded = seed == 'unknown'
  base = unseeded and -told or math.max(0, tonumber(seed) - told)
  -- If this count was lost, others may hold tokens that we don't know of. They tell us within a second or two: until
  -- then an eighth stays back, which is more than their slices.
  if known or base > 0 then young = now + 2000 end
  birth = lot
else
  -- An older version that began it drew no lots. To whom another birth is known, Redis came back with this count as it was
  -- before that, or it is one that the older version began anew: then too much counts as used, and never too little.
  birth = birth or known_birth ~= '' and known_birth or lot
  if known and not own then
    if birth == known_birth then
      -- Redis came back as it was before it heard of this node, of which the base has nothing. There may be others that
      -- hold tokens which it doesn't know of.
      young = now + 2000
    else
      -- The count was lost and begun anew by another node: what this one had used was part of the base.
      base = base - told
      if not unseeded then base = math.max(0, base) end
    end
  end
end
if unseeded and tonumber(seed) then
  -- Early in a window hardly anything was used before: what PostgreSQL counts is most likely in `sum` too.
  local early = starts > 0 and now < starts + 120000
  base = math.max(0, seed_is_of_before and not early and base + tonumber(seed) or tonumber(seed) - sum)
  unseeded = false
end
local others = math.max(0, base)

sum = sum - before + spent + hand
local limit = quota
if now < young then limit = quota - math.ceil(quota / 8) end
local free = limit - others - sum
local grant = 0
if free > 0 then
  -- In advance at most an eighth of what remains; what requests wait for is spent at once, and never idle.
  grant = math.min(free, math.max(need, math.min(want, math.floor(free / 8))))
elseif free < 0 then
  -- More is out than there is (the quota was lowered, or the count was lost): what isn't spent is void.
  local void = math.min(hand, -free)
  hand = hand - void
  sum = sum - void
end
sum = sum + grant
local granted = spent + hand + grant

redis.call('HSET', KEYS[1], 'base', base, 'sum', sum, 'young', young, 'birth', birth)
if unseeded then redis.call('HSET', KEYS[1], 'unseeded', 1) else redis.call('HDEL', KEYS[1], 'unseeded') end
if leaves then
  redis.call('HDEL', KEYS[1], holder)
else
  local loose = math.max(0, hand + grant - need)
  redis.call('HSET', KEYS[1], holder, string.format('%d %d %d %d', granted, loose, sequence, now))
end
-- At least an hour: a window of the past, by this clock, is counted too.
redis.call('PEXPIREAT', KEYS[1], string.format('%d', math.max(expires, now + near)))

-- Nothing left: those who hold some that they don't use are asked for it. Who was silent for long is dead.
local idle = 0
if grant < need then
  local all = redis.call('HGETALL', KEYS[1])
  for index = 1, #all, 2 do
    if #all[index] == 32 and all[index] ~= holder then
      local loose, at = string.match(all[index + 1], '^%d+ (%d+) %d+ (%d+)')
      if tonumber(at) > now - 2500 then idle = idle + tonumber(loose) end
    end
  end
  if idle > 0 and now >= tonumber(head[5] or 0) + 5 then
    redis.call('HSET', KEYS[1], 'recalled', now)
    redis.call('PUBLISH', channel, KEYS[1])
  end
end
return { 'ok', now, granted, others + sum - granted, idle, unseeded and 1 or 0, math.max(0, young - now), birth }
