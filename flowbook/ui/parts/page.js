/** What this page is called where a kernel has several: what one does is told to the others. */
import { freshId } from "./dom.js";

export const PAGE = `${freshId("page")}-${Date.now().toString(36)}`;
