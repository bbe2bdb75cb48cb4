/** What the scripts of flowbook/ui find around them: anywidget's model, and what canvas.py puts before the canvas. */

interface Model {
  get(name: string): any;
  set(name: string, value: any): void;
  save_changes(): void;
  send(content: any): void;
  on(event: string, listener: (...args: any[]) => void): void;
  off(event: string, listener: (...args: any[]) => void): void;
  widget_manager: any;
}

interface Look {
  card: Record<string, number>;
  note: Record<string, number>;
  frame: Record<string, number>;
  paper: Record<string, Record<string, string>>;
  darkPaper: Record<string, Record<string, string>>;
  light: Record<string, string>;
  theme: Record<string, string>;
  statuses: Record<string, string>;
  marks: Record<string, { tone: string; path: string }>;
}

declare const LOOK: Look;

/** The library in canvas/vendor, as a function that fills `module.exports`. */
declare function edgehandlesModule(require: (name: string) => any, module: { exports: any }, exports: any): any;

/** The library in parts/vendor; and what scripts of one page share under it. */
declare const CodeMirror: any;
