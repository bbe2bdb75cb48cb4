/** The folder in which something new is made: the one that was asked for, else that which the file browser shows. */
export const folder = ({ browsers }, args) => args.cwd ?? browsers?.tracker?.currentWidget?.model.path ?? "";
