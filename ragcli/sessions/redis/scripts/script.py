"""What the server does in one step: Lua scripts, each idempotent.

A script gets one key, `…:meta`, and builds the others from it: all of a profile's
keys share its hash tag, and naming two dozen of them in every call would cost more
than the turn. The first four arguments are always the same: the profile's id, the
idle time in milliseconds that holds where the profile has none of its own, and the
name and token of the lock that the caller holds ("" for none).

Keys of a profile:

    meta    hash     v, id, created, encrypted, settings, ttl, head, ts, epoch, aseq,
                     amac
    log     stream   <seq>-0 → one line of history
    ids     hash     hash of a record's id → seq
    audit   stream   <seq>-0 → one line of the audit log
    akey    string   what signs the audit log of a profile in the clear
    blob    hash     small private values
    keys    hash     key slots of an encrypted profile: wrapped keys only
    gens    hash     current, digest, number, m:<generation>, b:<generation>
    blk:x   hash     blocks of the index whose SHA-256 begins with x
    stage   hash     a rewrite of the log that is being prepared
    fence   hash     lock → its last token
    quarantine       stream: what was damaged, see `repair`
    lock:x  string   nonce, token and holder; expires by itself
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

_COMMON = """
local META = KEYS[1]
local base = string.sub(META, 1, -5)
local ID, TTL, LOCK, TOKEN = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local NAMES = {'meta', 'log', 'ids', 'audit', 'akey', 'blob', 'keys', 'gens', 'stage',
  'fence', 'quarantine', 'blk:0', 'blk:1', 'blk:2', 'blk:3', 'blk:4', 'blk:5',
  'blk:6', 'blk:7', 'blk:8', 'blk:9', 'blk:a', 'blk:b', 'blk:c', 'blk:d', 'blk:e',
  'blk:f'}
local function clock()
  local t = redis.call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end
local function touch()
  local own = redis.call('HMGET', META, 'ttl', 'new')
  local ttl = own[2] and 3600000 or tonumber(own[1] or TTL)
  if ttl > 0 then
    local at = clock() + ttl
    for _, name in ipairs(NAMES) do redis.call('PEXPIREAT', base .. name, at) end
  elseif redis.call('PTTL', META) >= 0 then
    for _, name in ipairs(NAMES) do redis.call('PERSIST', base .. name) end
  end
end
local function settle(key)
  -- A write, so that WAIT on this connection means what an earlier one has written.
  redis.call('HSET', key or META, 'again', '1')
end
local function refused()
  local ids = redis.call('HMGET', META, 'id', 'new')
  if ids[1] ~= ID and ids[2] ~= ID then return {'gone'} end
  if TOKEN ~= '' and redis.call('HGET', base .. 'fence', LOCK) ~= TOKEN then
    return {'fenced'}
  end
end
local function tip()
  local found = redis.call('HMGET', META, 'head', 'ts')
  return tonumber(found[1] or '0'), found[2] or ''
end
"""


@dataclass(frozen=True)
class Script:
    """One script."""

    name: str
    body: str
    durable: bool = False
    """Whether its effect must survive a failover before it counts as done."""

    @cached_property
    def source(self) -> str:
        """Returns what the server runs."""
        return _COMMON + self.body

    @cached_property
    def sha(self) -> str:
        """Returns what the server calls it."""
        return hashlib.sha1(self.source.encode()).hexdigest()  # noqa: S324 - its name


TOUCH = Script("touch", "touch() return {'ok'}")

SETTINGS = Script(
    "settings",
    """
local no = refused()
if no then return no end
local now = redis.call('HGET', META, 'settings')
if now == ARGV[6] then settle() touch() return {'ok'} end
if now ~= ARGV[5] then return {'again', now} end
redis.call('HSET', META, 'settings', ARGV[6])
if ARGV[7] == '' then redis.call('HDEL', META, 'ttl')
else redis.call('HSET', META, 'ttl', ARGV[7]) end
touch()
return {'ok'}
""",
    durable=True,
)

APPEND = Script(
    "append",
    """
-- ARGV: expected head, head that the lines were made for, time, then id and line
-- of each record; an empty line where the caller believes that it is stored.
local no = refused()
if no then return no end
local head, ts = tip()
local seqs, fresh, other = {}, 0, false
for i = 8, #ARGV, 2 do
  local seq = redis.call('HGET', base .. 'ids', ARGV[i])
  table.insert(seqs, tonumber(seq or '0'))
  if not seq then fresh = fresh + 1 end
  if (not seq) == (ARGV[i + 1] == '') then other = true end
end
if fresh == 0 then settle() touch() return {'known', head, ts, seqs} end
if ARGV[5] ~= '' and tonumber(ARGV[5]) ~= head then return {'conflict', head, ts} end
if other or tonumber(ARGV[6]) ~= head then return {'again', head, ts, seqs} end
for i = 8, #ARGV, 2 do
  if ARGV[i + 1] ~= '' then
    head = head + 1
    redis.call('XADD', base .. 'log', head .. '-0', 'l', ARGV[i + 1])
    redis.call('HSET', base .. 'ids', ARGV[i], head)
  end
end
redis.call('HSET', META, 'head', head, 'ts', ARGV[7])
touch()
return {'ok', head, ARGV[7], seqs}
""",
    durable=True,
)

FILL = Script(
    "fill",
    """
-- Copies records as they are, for a profile that nobody sees yet.
local no = refused()
if no then return no end
local head = tip()
for i = 6, #ARGV, 3 do
  local seq = tonumber(ARGV[i])
  if seq > head then
    redis.call('XADD', base .. 'log', seq .. '-0', 'l', ARGV[i + 2])
    redis.call('HSET', base .. 'ids', ARGV[i + 1], seq)
    head = seq
  end
end
redis.call('HSET', META, 'head', head, 'ts', ARGV[5])
touch()
return {'ok'}
""",
    durable=True,
)

ENTRIES = Script(
    "entries",
    """
-- Copies entries of a stream as they are, for a profile that nobody sees yet. ARGV:
-- the stream, then of each entry its id, how many fields and values, and these.
local no = refused()
if no then return no end
local key, i = base .. ARGV[5], 6
while i <= #ARGV do
  local last = i + 1 + tonumber(ARGV[i + 1])
  if #redis.call('XRANGE', key, ARGV[i], ARGV[i]) == 0 then
    redis.call('XADD', key, ARGV[i], unpack(ARGV, i + 2, last))
  end
  i = last + 1
end
touch()
return {'ok'}
""",
    durable=True,
)

STAGE = Script(
    "stage",
    """
-- ARGV: name of the rewrite, then seq and new line, or a zero byte and the id.
local no = refused()
if no then return no end
local stage = base .. 'stage'
if redis.call('HGET', stage, 'name') ~= ARGV[5] then
  redis.call('UNLINK', stage)
  redis.call('HSET', stage, 'name', ARGV[5])
end
for i = 6, #ARGV, 2 do redis.call('HSET', stage, ARGV[i], ARGV[i + 1]) end
touch()
return {'ok'}
""",
    durable=True,
)

REWRITE = Script(
    "rewrite",
    """
-- ARGV: name, epoch and head that it was prepared for, then seq, id, time and line
-- of the redaction.
local no = refused()
if no then return no end
local head, ts = tip()
if redis.call('HGET', base .. 'ids', ARGV[9]) then settle() return {'ok'} end
local epoch = redis.call('HGET', META, 'epoch') or '0'
if epoch ~= ARGV[6] then return {'over', epoch} end
if tonumber(ARGV[7]) ~= head then return {'again', head, ts} end
local stage, old, new = base .. 'stage', base .. 'log', base .. 'stage:log'
if redis.call('HGET', stage, 'name') ~= ARGV[5] then return {'over', epoch} end
redis.call('DEL', new)
local from = '-'
while true do
  local part = redis.call('XRANGE', old, from, '+', 'COUNT', 256)
  if #part == 0 then break end
  for _, entry in ipairs(part) do
    local seq = string.match(entry[1], '^%d+')
    local line = redis.call('HGET', stage, seq)
    if not line then
      redis.call('XADD', new, entry[1], 'l', entry[2][2])
    elseif string.byte(line, 1) == 0 then
      redis.call('HDEL', base .. 'ids', string.sub(line, 2))
    else
      redis.call('XADD', new, entry[1], 'l', line)
    end
    from = '(' .. entry[1]
  end
end
redis.call('XADD', new, ARGV[8] .. '-0', 'l', ARGV[11])
redis.call('RENAME', new, old)
redis.call('UNLINK', stage)
redis.call('HSET', base .. 'ids', ARGV[9], ARGV[8])
redis.call('HSET', META, 'head', ARGV[8], 'ts', ARGV[10], 'epoch', epoch + 1)
touch()
return {'ok'}
""",
    durable=True,
)

AUDIT = Script(
    "audit",
    """
local no = refused()
if no then return no end
local found = redis.call('HMGET', META, 'aseq', 'amac')
local seq, mac = tonumber(found[1] or '0'), found[2] or ''
if mac == ARGV[6] then settle() return {'ok'} end
if seq ~= tonumber(ARGV[5]) or mac ~= ARGV[7] then return {'again', seq, mac} end
redis.call('XADD', base .. 'audit', (seq + 1) .. '-0', 'l', ARGV[8])
redis.call('HSET', META, 'aseq', seq + 1, 'amac', ARGV[6])
touch()
return {'ok'}
""",
    durable=True,
)

BLOB = Script(
    "blob",
    """
local no = refused()
if no then return no end
if ARGV[6] == '' then redis.call('HDEL', base .. 'blob', ARGV[5]) settle()
else redis.call('HSET', base .. 'blob', ARGV[5], ARGV[6]) end
touch()
return {'ok'}
""",
)

SLOT = Script("slot", BLOB.body.replace("'blob'", "'keys'"), durable=True)

ACQUIRE = Script(
    "acquire",
    """
-- ARGV: nonce, lease in milliseconds, holder.
local no = refused()
if no then return no end
local held = redis.call('GET', base .. 'lock:' .. LOCK)
if held then
  local nonce, token, holder = string.match(held, '^(%x+) (%d+) (.*)$')
  if nonce ~= ARGV[5] then return {'held', holder or ''} end
  settle()
  return {'ok', token}
end
local token = redis.call('HINCRBY', base .. 'fence', LOCK, 1)
redis.call('SET', base .. 'lock:' .. LOCK, ARGV[5] .. ' ' .. token .. ' ' .. ARGV[7],
  'PX', ARGV[6])
touch()
return {'ok', tostring(token)}
""",
    durable=True,
)

RELEASE = Script(
    "release",
    """
-- ARGV: nonce, lease in milliseconds: 0 gives the lock back, more prolongs it.
local held = redis.call('GET', base .. 'lock:' .. LOCK)
if not held or string.sub(held, 1, #ARGV[5]) ~= ARGV[5] then return {'lost'} end
if ARGV[6] == '0' then redis.call('DEL', base .. 'lock:' .. LOCK)
else redis.call('PEXPIRE', base .. 'lock:' .. LOCK, ARGV[6]) end
return {'ok'}
""",
)
