import js from "@eslint/js";
import globals from "globals";

export default [
  { ignores: ["**/vendor/**", ".venv*/**", "site/**", "build/**", "dist/**"] },
  js.configs.recommended,
  {
    files: ["flowbook/ui/**/*.js"],
    languageOptions: { globals: { ...globals.browser, LOOK: "readonly", edgehandlesModule: "readonly", CodeMirror: "readonly" } },
    rules: {
      "no-shadow": ["error", { allow: ["event", "name", "top", "status", "close", "open", "stop", "focus"] }],
      "no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
      "no-control-regex": "off", // terminals and XML are about them
      "no-var": "error",
      "prefer-const": ["error", { destructuring: "all" }],
      eqeqeq: "error",
      curly: ["error", "multi-line"],
    },
  },
  { files: ["tests/js/**/*.mjs", "eslint.config.mjs"], languageOptions: { globals: globals.node } },
];
