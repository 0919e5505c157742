-- Numbers and links figures, tables, sections and equations, and makes callouts, tabs, columns and
-- conditional content, for HTML and for Typst. Findings are made by theme.lua, which Quarto reads too.

local html = FORMAT:match('html') ~= nil
local words = {}
local numbers = {}   -- label -> {kind=, number=}
local tabsets = 0
local stringify = pandoc.utils.stringify

local function raw(text)
  return pandoc.RawBlock(html and 'html' or 'typst', text)
end

local function inline(text)
  return pandoc.RawInline(html and 'html' or 'typst', text)
end

local function quoted(text)   -- a Typst string
  return '"' .. text:gsub('\\', '\\\\'):gsub('"', '\\"'):gsub('\n', ' ') .. '"'
end

local function escaped(text)  -- an HTML attribute
  return (text:gsub('&', '&amp;'):gsub('<', '&lt;'):gsub('>', '&gt;'):gsub('"', '&quot;'))
end

local function bracketed(open, inlines, close)   -- Typst content between raw marks
  local result, first = pandoc.Inlines {inline(open)}, inlines[1]
  if first and first.t == 'Str' and (first.text:match('^[-+/]$') or first.text:match('^=+$')
                                     or first.text:match('^%d+%.$')) then
    result:insert(inline('\\'))                  -- else it would begin a list or a heading
  end
  result:extend(inlines)
  result:insert(inline(close))
  return result
end

local function kind_of(identifier)
  return ({fig = 'fig', tbl = 'tbl'})[identifier:match('^(%a+)%-') or '']
end

-- 1. Conditional content -------------------------------------------------------------------------

local function is_shown(element)
  local visible = element.classes:includes('content-visible')
  local hidden = element.classes:includes('content-hidden')
  if not (visible or hidden) then return nil end
  local when, unless = element.attributes['when-format'], element.attributes['unless-format']
  local current = html and 'html' or 'typst'
  local holds = (when == nil or when == current) and (unless == nil or unless ~= current)
  return holds == visible
end

local function conditional(element)
  local shown = is_shown(element)
  if shown == nil then return nil end
  return shown and element.content or {}
end

-- 2. One form for whatever is numbered: Div(label, 'numbered') [content ..., Div 'caption'] ----------

local function numbered(label, blocks, caption)
  local div = pandoc.Div(blocks, pandoc.Attr(label, {'numbered'}))
  if #caption > 0 then
    div.content:insert(pandoc.Div({pandoc.Plain(caption)}, pandoc.Attr('', {'caption'})))
  end
  return div
end

local function with_alt(image)
  local alt = image.attributes['fig-alt'] or image.attributes['alt'] or stringify(image.caption)
  image.attributes['fig-alt'], image.attributes['alt'] = nil, nil
  image.caption = {pandoc.Str(alt)}
  return image
end

local function number_figure(figure)
  local image
  figure:walk {Image = function(found) image = found end}
  local label = image and image.identifier ~= '' and image.identifier or figure.identifier
  if image then image.identifier = '' end
  local caption = pandoc.utils.blocks_to_inlines(figure.caption.long)
  return numbered(kind_of(label) and label or '', {pandoc.Para {with_alt(image)}}, caption)
end

local function number_table(tbl)
  local label, caption = tbl.identifier, pandoc.utils.blocks_to_inlines(tbl.caption.long)
  local last = caption[#caption]
  if last and last.t == 'Str' and last.text:match('^{#[%w-]+}$') then
    label = last.text:match('#([%w-]+)')
    caption:remove()
    if #caption > 0 and caption[#caption].t == 'Space' then caption:remove() end
  end
  if label == '' and #caption == 0 then return nil end
  tbl.identifier, tbl.caption = '', {long = {}}
  return numbered(kind_of(label) and label or '', {tbl}, caption)
end

local function number_div(div)
  if not kind_of(div.identifier) or div.classes:includes('numbered') then return nil end
  local content = div.content
  local inner = content[1]
  if inner and inner.t == 'Div' and inner.classes:includes('numbered') and inner.identifier == '' then
    content = inner.content:clone()          -- a figure or table with a caption of its own
    if content[#content].t == 'Div' then return pandoc.Div(content, {div.identifier, {'numbered'}}) end
  end
  local caption = {}
  if #content > 1 and content[#content].t == 'Para' then
    caption = content:remove().content
  end
  return numbered(div.identifier, content, caption)
end

local function equation(block)
  local math, label, count = nil, nil, 0
  for _, part in ipairs(block.content) do
    if part.t == 'Math' and part.mathtype == 'DisplayMath' then math, count = part, count + 1
    elseif part.t == 'Str' and part.text:match('^{#eq%-[%w-]+}$') then label = part.text:match('#([%w-]+)')
    elseif part.t ~= 'Space' and part.t ~= 'SoftBreak' then return nil end
  end
  if count == 1 and label then
    return pandoc.Div({pandoc.Plain {math}}, pandoc.Attr(label, {'equation'}))
  end
end

-- 3. Numbers and references ------------------------------------------------------------------------

local function in_checks(doc)   -- labels of what is there to check: numbered by themselves, A1 …
  local found = {}
  doc:walk {Div = function(checks)
    if not checks.classes:includes('checks') then return nil end
    checks:walk {Div = function(div) found[div.identifier] = true end}
  end}
  return found
end

local function count(doc)
  local counts, sections = {}, {0, 0, 0, 0, 0, 0}
  local checked = in_checks(doc)
  local function give(kind, label)
    local prefix = checked[label] and kind ~= 'eq' and 'A' or ''
    counts[prefix .. kind] = (counts[prefix .. kind] or 0) + 1
    numbers[label] = {kind = kind, number = prefix .. counts[prefix .. kind]}
  end
  doc:walk {
    traverse = 'topdown',
    Header = function(header)
      if header.classes:includes('unnumbered') then
        numbers[header.identifier] = {kind = 'sec', title = header.content}
        return nil
      end
      sections[header.level] = sections[header.level] + 1
      for level = header.level + 1, 6 do sections[level] = 0 end
      local number = table.concat(sections, '.', 1, header.level)
      numbers[header.identifier] = {kind = 'sec', number = number}
    end,
    Div = function(div)
      if div.classes:includes('numbered') and div.identifier ~= '' then
        give(kind_of(div.identifier), div.identifier)
      elseif div.classes:includes('equation') then
        give('eq', div.identifier)
      end
    end,
  }
end

local function label_of(citation)   -- `@Fig-x` at the start of a sentence is `fig-x`
  local label = citation.id:sub(1, 1):lower() .. citation.id:sub(2)
  local prefix = label:match('^(%a+)%-')
  return prefix and ({fig = 1, tbl = 1, sec = 1, eq = 1})[prefix] and label or nil
end

local function reference(id, bare)
  local found = numbers[id]
  if not found then error('no such label: ' .. id) end
  local text = found.title or {pandoc.Str((bare and '' or words[found.kind] .. '\u{a0}') .. found.number)}
  if html then return pandoc.Link(text, '#' .. id, '', {class = 'crossref'}) end
  return pandoc.Span(bracketed('#link(<' .. id .. '>)[', text, ']'))
end

local function cite(element)
  local inlines = pandoc.Inlines {}
  for _, citation in ipairs(element.citations) do
    local label = label_of(citation)
    if not label then return nil end
    if #inlines > 0 then inlines:extend {pandoc.Str(','), pandoc.Space()} end
    local prefix = citation.prefix
    if #prefix > 0 then
      inlines:extend(prefix)
      inlines:insert(pandoc.Str('\u{a0}'))
    end
    inlines:insert(reference(label, citation.mode == 'SuppressAuthor' or #prefix > 0))
    inlines:extend(citation.suffix)
  end
  return inlines
end

-- 4. Tables -----------------------------------------------------------------------------------------

local alignments = {AlignLeft = 'left', AlignRight = 'right', AlignCenter = 'center', AlignDefault = 'left'}

local function typst_row(row, colspecs, bold)
  local line, column = pandoc.Inlines {}, 1
  for _, cell in ipairs(row.cells) do
    local align = cell.alignment ~= 'AlignDefault' and cell.alignment or colspecs[column][1]
    local options = 'align: ' .. alignments[align] .. (bold and ' + bottom' or '')
    if cell.col_span > 1 then options = options .. ', colspan: ' .. cell.col_span end
    if cell.row_span > 1 then options = options .. ', rowspan: ' .. cell.row_span end
    local body = pandoc.utils.blocks_to_inlines(cell.contents, {pandoc.LineBreak()})
    if bold and #body > 0 then body = pandoc.Inlines {pandoc.Strong(body)} end
    line:extend(bracketed('table.cell(' .. options .. ')[', body, '], '))
    column = column + cell.col_span
  end
  return pandoc.Plain(line)
end

local function typst_table(tbl)
  local specs, head, body = tbl.colspecs, pandoc.Blocks {}, pandoc.Blocks {}
  for _, row in ipairs(tbl.head.rows) do head:insert(typst_row(row, specs, true)) end
  for _, part in ipairs(tbl.bodies) do
    for _, row in ipairs(part.head) do body:insert(typst_row(row, specs, true)) end
    for _, row in ipairs(part.body) do body:insert(typst_row(row, specs, false)) end
  end
  for _, row in ipairs(tbl.foot.rows) do body:insert(typst_row(row, specs, false)) end
  local blocks = pandoc.Blocks {raw('#report-table(' .. #specs .. ', ' .. #body .. ',')}
  if #head > 0 then blocks:insert(raw('table.header(')) end
  blocks:insert(raw('table.hline(stroke: rules.edge),'))
  blocks:extend(head)
  if #head > 0 then blocks:insert(raw('table.hline(stroke: rules.head)),')) end
  blocks:extend(body)
  blocks:insert(raw(')'))
  return blocks
end

local function html_table(tbl)
  local head, bodies = tbl.head, tbl.bodies
  local row_heads = #tbl.colspecs > 1 and tbl.colspecs[1][1] ~= 'AlignRight'
  for _, row in ipairs(head.rows) do
    for _, cell in ipairs(row.cells) do cell.attributes.scope = cell.col_span > 1 and 'colgroup' or 'col' end
  end
  for _, body in ipairs(bodies) do
    body.row_head_columns = row_heads and 1 or 0
    for _, row in ipairs(body.body) do
      if row_heads then row.cells[1].attributes.scope = 'row' end
    end
  end
  tbl.head, tbl.bodies = head, bodies
  return tbl
end

local function render_table(tbl)
  if not html then return typst_table(tbl) end
  tbl = html_table(tbl)
  local label = stringify(tbl.caption.long)
  local attributes = {}
  if #tbl.colspecs >= 3 then   -- wide enough, on a phone, to scroll: reached by the keyboard, and named
    attributes = {{'role', 'group'}, {'aria-label', label ~= '' and label or words.scroll}, {'tabindex', '0'}}
  end
  return pandoc.Div({tbl}, pandoc.Attr('', {'table-scroll'}, attributes))
end

-- 5. Numbered figures and tables ----------------------------------------------------------------------

local function labelled(label, caption)
  local inlines = pandoc.Inlines {}
  if label ~= '' then
    local text = words[numbers[label].kind] .. '\u{a0}' .. numbers[label].number
    text = pandoc.Str(text .. (#caption > 0 and '.' or ''))
    inlines:insert(html and pandoc.Span({text}, {class = 'label'}) or pandoc.Strong {text})
    if #caption > 0 then inlines:insert(pandoc.Space()) end
  end
  inlines:extend(caption)
  return inlines
end

local function split_caption(div)
  local blocks, caption = pandoc.Blocks {}, pandoc.Inlines {}
  for _, block in ipairs(div.content) do
    if block.t == 'Div' and block.classes:includes('caption') then
      caption = pandoc.utils.blocks_to_inlines(block.content)
    else
      blocks:insert(block)
    end
  end
  return blocks, labelled(div.identifier, caption)
end

local function render_numbered(div)
  if not div.classes:includes('numbered') then return nil end
  local blocks, caption = split_caption(div)
  local is_table = div.identifier:match('^tbl%-') or (blocks[1] and blocks[1].t == 'Table')
  if html and is_table then
    for _, block in ipairs(blocks) do
      if block.t == 'Table' then block.caption = {long = {pandoc.Plain {pandoc.Span(caption)}}} end
    end
    return pandoc.Div(blocks, pandoc.Attr(div.identifier, {'numbered-table'}))
  elseif html then
    return pandoc.Figure(blocks, {long = {pandoc.Plain(caption)}}, pandoc.Attr(div.identifier))
  end
  local call = is_table and '#numbered-table([' or '#numbered-figure(['
  local result = pandoc.Blocks {pandoc.Plain(bracketed(call, caption, '], ['))}
  result:extend(blocks)
  result:insert(raw('])' .. (div.identifier ~= '' and ' <' .. div.identifier .. '>' or '')))
  return result
end

local function typst_image(image)
  local width = image.attributes.width and ', width: ' .. image.attributes.width or ''
  local drawn = 'image(' .. quoted(image.src) .. ', alt: ' .. quoted(stringify(image.caption)) .. width .. ')'
  return inline(image.classes:includes('strip') and '#strip(' .. drawn .. ')' or '#' .. drawn)
end

local function render_equation(div)
  local parts = div.content[1].content
  if html then
    parts:insert(inline('<span class="number">(' .. numbers[div.identifier].number .. ')</span>'))
    return pandoc.Div({pandoc.Plain(parts)}, pandoc.Attr(div.identifier, {'equation'}))
  end
  parts:insert(1, inline('#{ set math.equation(numbering: "(1)"); ['))
  parts:insert(inline(' <' .. div.identifier .. '>] }'))
  return pandoc.Para(parts)
end

local function typst_math(math)   -- its source is its alt text
  local block = math.mathtype == 'DisplayMath' and 'block: true, ' or ''
  return {inline('#math.equation(' .. block .. 'alt: ' .. quoted(math.text) .. ', '), math, inline('.body)')}
end

-- 6. Callouts, tabs, columns ---------------------------------------------------------------------------

local kinds = {'note', 'tip', 'warning', 'important', 'caution'}

local function callout(div, kind)
  local title, content = div.attributes.title, div.content
  local heading = content[1]
  if not title and heading and heading.t == 'Header' then
    title = heading.content
    content:remove(1)
  end
  title = pandoc.Inlines(title or words[kind])
  if not html then
    local open = '#report-callout("' .. kind .. '", ['
    local blocks = pandoc.Blocks {pandoc.Plain(bracketed(open, title, '])['))}
    blocks:extend(content)
    blocks:insert(raw(']'))
    return blocks
  end
  local collapse = div.attributes.collapse
  local open = collapse == 'false' and ' open' or ''
  local tag = collapse and 'details' or 'div'
  local head = collapse and 'summary' or 'p'
  local blocks = pandoc.Blocks {raw('<' .. tag .. ' class="note note-' .. kind .. '"' .. (collapse and open or ' role="note"') .. '>')}
  blocks:insert(pandoc.Plain {inline('<' .. head .. ' class="note-title">'), pandoc.Span(title), inline('</' .. head .. '>')})
  blocks:extend(content)
  blocks:insert(raw('</' .. tag .. '>'))
  return blocks
end

local function tabs_of(div)
  local tabs, level = {}, nil
  for _, block in ipairs(div.content) do
    level = level or (block.t == 'Header' and block.level)
    if block.t == 'Header' and block.level == level then
      tabs[#tabs + 1] = {title = block.content, content = pandoc.Blocks {}}
    elseif #tabs > 0 then
      tabs[#tabs].content:insert(block)
    end
  end
  return tabs
end

local function tabset(div)
  local blocks = pandoc.Blocks {}
  local tabs = tabs_of(div)
  if not html then
    for _, tab in ipairs(tabs) do
      blocks:insert(pandoc.Plain(bracketed('#tab-title[', tab.title, ']')))
      blocks:extend(tab.content)
    end
    return blocks
  end
  tabsets = tabsets + 1
  blocks:insert(raw('<fieldset class="tabset"><legend>' .. escaped(words.tabs) .. '</legend>'))
  for index, tab in ipairs(tabs) do
    local id = 'tabset-' .. tabsets .. '-' .. index
    blocks:insert(pandoc.Plain {
      inline('<input type="radio" name="tabset-' .. tabsets .. '" id="' .. id .. '"' .. (index == 1 and ' checked' or '') .. ' />'
             .. '<label for="' .. id .. '">'), pandoc.Span(tab.title), inline('</label>')})
  end
  for _, tab in ipairs(tabs) do
    blocks:insert(raw('<div class="tab-panel">'))
    blocks:insert(pandoc.Plain {inline('<p class="tab-title">'), pandoc.Span(tab.title), inline('</p>')})
    blocks:extend(tab.content)
    blocks:insert(raw('</div>'))
  end
  blocks:insert(raw('</fieldset>'))
  return blocks
end

local function columns(div)   -- before its figures are rendered: each block is one cell
  local number = div.attributes['layout-ncol']
  if not number then return nil end
  if html then
    return pandoc.Div(div.content, pandoc.Attr('', {'columns'}, {{'style', '--columns: ' .. number}}))
  end
  local blocks = pandoc.Blocks {raw('#report-columns(columns: (1fr,) * ' .. number .. ',')}
  for _, block in ipairs(div.content) do
    blocks:extend {raw('['), block, raw('],')}
  end
  blocks:insert(raw(')'))
  return blocks
end

local function is_narrow(block)
  local image = (block.t == 'Para' or block.t == 'Plain') and #block.content == 1 and block.content[1]
  return image and image.t == 'Image' and image.classes:includes('narrow') and image
end

local function drawn_narrow(figure, image)   -- the drawing alone; its caption stands beside it
  image.classes = {}
  local _, caption = split_caption(figure)
  local blocks = pandoc.Blocks {raw('#told-figure['), pandoc.Plain {image}, raw('] <' .. figure.identifier .. '>')}
  return blocks, pandoc.Blocks {pandoc.Plain(bracketed('#told-caption[', caption, ']'))}
end

local function told(div)   -- in the PDF: an answer and its figure, side by side, never apart
  if html or not div.classes:includes('told') then return nil end
  local image, figure, text = nil, nil, pandoc.Blocks {}
  for _, block in ipairs(div.content) do
    local narrow = is_narrow(block)
    if narrow then
      image = narrow
    elseif image and not figure and block.t == 'Div' and block.classes:includes('numbered') then
      local drawing, caption = drawn_narrow(block, image)
      figure = drawing
      text:extend(caption)
    else
      text:insert(block)
    end
  end
  local blocks = pandoc.Blocks {raw(figure and '#told([' or '#told(none, [')}
  if figure then
    blocks:extend(figure)
    blocks:insert(raw('], ['))
  end
  blocks:extend(text)
  blocks:insert(raw('])'))
  return blocks
end

local function render_div(div)
  for _, kind in ipairs(kinds) do
    if div.classes:includes('callout-' .. kind) then return callout(div, kind) end
  end
  if div.classes:includes('panel-tabset') then return tabset(div) end
  if div.classes:includes('equation') then return render_equation(div) end
  if div.classes:includes('pagebreak') then
    return raw(html and '<div class="pagebreak"></div>' or '#pagebreak(weak: true)')
  end
  return render_numbered(div)
end

local function unlisted(div)   -- headings inside callouts and tabs are not sections
  if not (div.classes:includes('panel-tabset') or stringify(div.classes):match('callout%-')) then return nil end
  return div:walk {Header = function(header)
    header.classes:extend {'unnumbered', 'unlisted'}
    return header
  end}
end

local function render_header(header)
  if html then
    local found = numbers[header.identifier]
    if found and found.number then
      header.content:insert(1, pandoc.Space())
      header.content:insert(1, pandoc.Span({pandoc.Str(found.number)}, {class = 'number'}))
    end
    header.level = math.min(header.level + 1, 6)
    return header
  end
  if header.classes:includes('unlisted') then
    return pandoc.Plain(bracketed('#minor-heading(' .. header.level .. ')[', header.content, ']'))
  end
end

local function with_contents(doc)   -- in the PDF the contents follow the summary, else they come first
  local place, seen = 1, 0
  for index, block in ipairs(doc.blocks) do
    if block.t == 'Header' and block.level == 1 then
      seen = seen + 1
      if seen == 1 and block.identifier ~= 'sec-summary' then break end
      if seen == 2 then place = index break end
    end
  end
  doc.blocks:insert(place, raw('#contents-page'))
  return doc
end

local function typst_authors(meta)   -- names as strings: a document's author is no content
  local authors = meta.author or {}
  local list = pandoc.utils.type(authors) == 'List' and authors or {authors}
  local names = pandoc.List {}
  for _, author in ipairs(list) do names:insert(pandoc.MetaInlines {inline(quoted(stringify(author)))}) end
  return pandoc.MetaList(names)
end

function Pandoc(doc)
  if not html and doc.meta.author then doc.meta['typst-authors'] = typst_authors(doc.meta) end
  for key, value in pairs(doc.meta.words) do words[key] = stringify(value) end
  doc = doc:walk {Div = conditional, Span = conditional}
  doc = doc:walk {Figure = number_figure, Table = number_table, Para = equation}
  doc = doc:walk {Div = number_div}
  doc = doc:walk {Div = unlisted, Image = with_alt}
  count(doc)
  doc = pandoc.utils.citeproc(doc:walk {Cite = cite})
  if not html then
    doc = doc:walk {Div = told}
    doc = doc:walk {Image = typst_image, Math = typst_math}
    if doc.meta.toc and not numbers['sec-contents'] then doc = with_contents(doc) end
  end
  doc = doc:walk {Div = columns}
  doc = doc:walk {Div = render_div}
  return doc:walk {Table = render_table, Header = render_header}
end
