/** The languages of fields: how they are parsed, coloured and indented, and the expressions inside them. */
import { typedOver } from "./code_brackets.js";

/** Languages whose text is no expression itself, but may hold `${{ }}`. */
const HOLDING = new Set(["json", "sql", "markdown", "text", "template"]);
const EXPRESSION = /\$\$?\{\{(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^"'])*?\}\}/g;
const TOKEN = /("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(\b\d[\w.]*)|\b(and|or|not|in|is|if|else|for|True|False|None|true|false|null)\b|\b([A-Za-z_]\w*)(?=\s*\()/g;
const TOKENS = ["string", "number", "keyword", "call"];

function coloured() {
  const t = CodeMirror.tags;
  const of = (name, light) => ({ color: `var(--jp-mirror-editor-${name}-color, ${light})` });
  return CodeMirror.syntaxHighlighting(CodeMirror.HighlightStyle.define([
    { tag: [t.keyword, t.operatorKeyword, t.modifier, t.controlKeyword, t.definitionKeyword, t.moduleKeyword], ...of("keyword", "#7a3eb1") },
    { tag: [t.string, t.special(t.string), t.monospace], ...of("string", "#a3332f") },
    { tag: [t.number, t.bool, t.null, t.atom], ...of("number", "#0b7a4b") },
    { tag: [t.comment, t.lineComment, t.blockComment], fontStyle: "italic", ...of("comment", "#5d6b7a") },
    { tag: [t.function(t.variableName), t.definition(t.function(t.variableName)), t.standard(t.name)], ...of("def", "#1a5fb4") },
    { tag: [t.propertyName], ...of("property", "#1a5fb4") },
    { tag: [t.typeName, t.className], ...of("builtin", "#0b7285") },
    { tag: t.heading, fontWeight: "700" },
    { tag: t.strong, fontWeight: "700" },
    { tag: t.emphasis, fontStyle: "italic" },
    { tag: [t.link, t.url], ...of("property", "#1a5fb4"), textDecoration: "underline" },
  ]));
}

function grammar(language) {
  if (language === "python") return CodeMirror.python();
  if (language === "expression") return CodeMirror.pythonLanguage;
  if (language === "sql") return CodeMirror.sql({ dialect: CodeMirror.StandardSQL });
  if (language === "json") return CodeMirror.json();
  if (language !== "markdown") return [];
  return new CodeMirror.Language(CodeMirror.defineLanguageFacet(), CodeMirror.markdownParser, [], "markdown");
}

/** Marks each `${{ }}` that is to be seen, with what stands in it. */
function expressionsMarked() {
  const whole = CodeMirror.Decoration.mark({ class: "fb-cm-expression" });
  const tokens = TOKENS.map((kind) => CodeMirror.Decoration.mark({ class: `fb-cm-${kind}` }));
  const found = (view) => {
    const ranges = [];
    for (const { from, to } of view.visibleRanges) {
      const begin = Math.max(0, from - 500);
      const text = view.state.doc.sliceString(begin, Math.min(view.state.doc.length, to + 500));
      for (const expression of text.matchAll(EXPRESSION)) {
        if (expression[0].startsWith("$$")) continue;
        const at = begin + expression.index;
        ranges.push(whole.range(at, at + expression[0].length));
        for (const token of expression[0].slice(3, -2).matchAll(TOKEN)) {
          const kind = [1, 2, 3, 4].findIndex((group) => token[group] !== undefined);
          ranges.push(tokens[kind].range(at + 3 + token.index, at + 3 + token.index + token[kind + 1].length));
        }
      }
    }
    return CodeMirror.Decoration.set(ranges, true);
  };
  return CodeMirror.ViewPlugin.fromClass(class {
    constructor(view) {
      this.decorations = found(view);
    }

    update(update) {
      if (update.docChanged || update.viewportChanged) this.decorations = found(update.view);
    }
  }, { decorations: (plugin) => plugin.decorations });
}

/** All that a language brings to an editor. */
export function languageParts(language) {
  const indents = language === "python" ? "    " : "  ";
  return [
    grammar(language),
    coloured(),
    HOLDING.has(language) ? expressionsMarked() : [],
    CodeMirror.indentUnit.of(indents),
    isCode(language) ? [CodeMirror.indentOnInput(), CodeMirror.bracketMatching(), CodeMirror.closeBrackets(), typedOver()] : [],
    language === "text" || language === "template" || language === "markdown" ? onlyBraces() : [],
    ["python", "sql", "json"].includes(language) ? CodeMirror.lineNumbers() : [],
    ["python", "sql"].includes(language) ? [] : CodeMirror.EditorView.lineWrapping,
  ];
}

/** In prose only what begins an expression is closed by itself. */
function onlyBraces() {
  const braces = [{ closeBrackets: { brackets: ["{"] } }];
  return [CodeMirror.EditorState.languageData.of(() => braces), CodeMirror.closeBrackets()];
}

/** Whether Tab indents in it. */
export function isCode(language) {
  return ["python", "sql", "json", "expression"].includes(language);
}
