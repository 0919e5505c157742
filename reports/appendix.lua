-- What is there to check: closed at the end of its chapter on the page, an appendix in the PDF.
-- Read before all other filters, by Quarto and by the embedded renderer.

local html = FORMAT:match('html') ~= nil

local function has(block, class) return block.attr and block.classes:includes(class) end

local function unnumbered(blocks, deeper)
  return blocks:walk {Header = function(header)
    header.classes:insert('unnumbered')
    header.level = header.level + (deeper or 0)
    return header
  end}
end

local function folded(div)
  local summary = pandoc.Inlines(pandoc.RawInline('html', '<summary>'))
  summary:insert(pandoc.Span(pandoc.Str(div.attributes.title or '')))
  summary:insert(pandoc.RawInline('html', '</summary>'))
  local blocks = pandoc.Blocks {pandoc.RawBlock('html', '<details>'), pandoc.Plain(summary)}
  blocks:extend(unnumbered(div.content))
  blocks:insert(pandoc.RawBlock('html', '</details>'))
  return pandoc.Div(blocks, pandoc.Attr('', {'checks'}))
end

local function narrow_alone(para)
  local image = #para.content == 1 and para.content[1]
  return image and image.t == 'Image' and image.classes:includes('narrow')
end

local function without_narrow(blocks)   -- in the PDF: only the argument shows the narrow drawing
  return blocks:walk {Para = function(para) if narrow_alone(para) then return {} end end}
end

function Pandoc(doc)
  local kept, moved = pandoc.Blocks {}, pandoc.Blocks {}
  local chapter, in_appendix
  for _, block in ipairs(doc.blocks) do
    if block.t == 'Header' and block.level == 1 then
      chapter = block
      if has(block, 'appendix') then
        in_appendix = true
        if not html then kept:insert(pandoc.RawBlock('typst', '#pagebreak(weak: true)')) end
      end
    end
    if has(block, 'checks') and html then
      kept:insert(folded(block))
    elseif has(block, 'checks') then
      local content = unnumbered(block.content, in_appendix and 0 or 1)
      local div = pandoc.Div(without_narrow(content), pandoc.Attr('', {'checks'}))
      if in_appendix then
        kept:insert(div)
      else
        moved:extend {pandoc.Header(2, chapter.content, pandoc.Attr('', {'unnumbered', 'part'})), div}
      end
    elseif has(block, 'appendix') and block.t == 'Div' then
      kept:extend(moved)
      moved = pandoc.Blocks {}
    else
      kept:insert(block)
    end
  end
  kept:extend(moved)
  doc.blocks = kept
  return doc
end
