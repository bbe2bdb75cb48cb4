/** Flowbook's mark: three nodes and the lines between them. */
export const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" width="16">
  <g fill="none" stroke="#868e96" stroke-width="2"><path d="M8 12 16 6M8 12l8 6"/></g>
  <circle cx="5" cy="12" r="3.2" fill="#4c6ef5"/><circle cx="19" cy="6" r="3.2" fill="#12b886"/>
  <circle cx="19" cy="18" r="3.2" fill="#f59f00"/>
</svg>`;
