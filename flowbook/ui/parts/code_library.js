/** What is brought to a page once (see library.py): the code editor, and the data that is put into fields by mouse. */
import { codeEditor } from "./code_editor.js";
import { dataPanel } from "./data_panel.js";

export default { editor: codeEditor, dataPanel };
