export { type CellOptions, createCells } from './cells.js';
export { createStager, type StagerOptions } from './stager.js';
