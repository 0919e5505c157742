-- Findings, claims and badges, for HTML and Typst; read by Quarto and by the embedded renderer.

local html = FORMAT:match('html') ~= nil
local claims = {'descriptive', 'predictive', 'causal'}

local function raw(text) return pandoc.RawInline('typst', text) end

local function claim_of(element)
  for _, claim in ipairs(claims) do
    if element.classes:includes(claim) then return claim end
  end
  return 'descriptive'
end

local function wrapped(open, inlines)
  local result = pandoc.Inlines {raw(open .. '[')}
  result:extend(inlines)
  result:insert(raw(']'))
  return result
end

local function finding(div)
  if not div.classes:includes('finding') then return nil end
  local number, kind = pandoc.Inlines {}, claim_of(div)
  local body = div:walk {Span = function(span)
    if span.classes:includes('finding-number') then
      number = span.content
      return {}
    elseif span.classes:includes('claim') and not html then
      return wrapped('#claim("' .. kind .. '")', span.content)
    elseif span.classes:includes('more') and not html then
      return wrapped('#more', span.content)
    end
  end}
  local content = body.content:filter(function(block)
    return not ((block.t == 'Para' or block.t == 'Plain') and pandoc.utils.stringify(block) == '')
  end)
  if html then
    local parts = pandoc.Blocks {}
    if #number > 0 then parts:insert(pandoc.Div({pandoc.Plain(number)}, {class = 'finding-number'})) end
    parts:insert(pandoc.Div(content, {class = 'finding-text'}))
    return pandoc.Div(parts, div.attr)
  end
  local head = wrapped('#finding("' .. kind .. '", ', number)
  head:insert(raw(')['))
  head[1] = raw('#finding("' .. kind .. '", [')
  local blocks = pandoc.Blocks {pandoc.Plain(head)}
  blocks:extend(content)
  blocks:insert(pandoc.RawBlock('typst', ']'))
  return blocks
end

local blocks_of = {limits = '#limits[', answers = '#answers[', ['page-one'] = '#page-one['}

local function styled(div)   -- what a chapter does not say, the answers, page one: blocks of theme.typ
  local name = not html and div.classes:find_if(function(class) return blocks_of[class] ~= nil end)
  if not name then return nil end
  local blocks = pandoc.Blocks {pandoc.RawBlock('typst', blocks_of[name])}
  blocks:extend(div.content)
  blocks:insert(pandoc.RawBlock('typst', ']'))
  return blocks
end

local function badge(span)
  if not html and span.classes:includes('badge') then return wrapped('#badge', span.content) end
end

local function breakable(text)   -- a word without end is broken, rather than printed over others
  if (utf8.len(text) or 0) <= 32 then return text end
  local signs = {}
  for _, code in utf8.codes(text) do
    signs[#signs + 1] = utf8.char(code)
    if #signs % 17 == 16 then signs[#signs + 1] = '\u{200b}' end
  end
  return table.concat(signs)
end

local function begun(value)   -- what would begin a list or a heading in [brackets] is a sign there
  local kind = pandoc.utils.type(value)
  if kind == 'List' then return value:map(begun) end
  local first = kind == 'Inlines' and value[1] and value[1].t == 'Str' and value[1].text
  if first and (first:match('^[-+/]$') or first:match('^=+$') or first:match('^%d+%.$')) then
    value:insert(1, raw('\\'))
  end
  return value
end

local function as_text(doc)   -- in the PDF: signs that no font has are named, "-?" is no hyphenation
  if html then return nil end
  local names = {}
  for _, pair in ipairs(doc.meta.glyphs or {}) do
    names[pandoc.utils.stringify(pair.sign)] = pandoc.utils.stringify(pair.name)
  end
  local files = {bibliography = doc.meta.bibliography, csl = doc.meta.csl}   -- names of files are no texts
  doc = doc:walk {traverse = 'topdown', Link = function(link) return link, false end, Str = function(str)
    local text = breakable((str.text:gsub(utf8.charpattern, names)))
    if not text:find('-?', 1, true) then return pandoc.Str(text) end
    local parts, begun = pandoc.Inlines {}, 1
    for place in text:gmatch('()%-%?') do
      parts:extend {pandoc.Str(text:sub(begun, place - 1)), raw('\\-')}
      begun = place + 1
    end
    parts:insert(pandoc.Str(text:sub(begun)))
    return parts
  end}
  for name, file in pairs(files) do doc.meta[name] = file end
  for _, name in ipairs {'title', 'subtitle', 'author', 'abstract'} do
    if doc.meta[name] then doc.meta[name] = begun(doc.meta[name]) end
  end
  return doc
end

local function natural(tbl)   -- no relative widths: columns are as wide as what stands in them
  tbl.colspecs = tbl.colspecs:map(function(spec) return {spec[1]} end)
  return tbl
end

return {{Pandoc = as_text}, {Div = finding}, {Div = styled}, {Span = badge, Table = natural}}
