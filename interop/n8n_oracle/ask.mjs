/* global console, process, structuredClone */
// Asks n8n's own evaluator what each expression gives: node ask.mjs FOLDER > FOLDER/answers.json, where npm has installed
// n8n-workflow. The answers that stand here are those of n8n-workflow 1.120.31, in the time zone UTC.
import fs from 'node:fs';
import {createRequire} from 'node:module';
import path from 'node:path';

const {Workflow} = createRequire(path.join(process.cwd(), 'here.js'))('n8n-workflow');

const folder = process.argv[2];
const item = JSON.parse(fs.readFileSync(path.join(folder, 'item.json'), 'utf8'));
const sources = fs.readFileSync(path.join(folder, 'expressions.txt'), 'utf8').split('\n').filter(Boolean);
const lists = {Other: [{x: 1, name: 'Bob'}, {x: 2, name: 'Cy'}], Before: [item]};
const chain = [...Object.keys(lists), 'Here'];
const nodes = chain.map((name, id) => ({id: String(id), name, type: 'x', typeVersion: 1, position: [0, 0], parameters: {}}));
const connections = {}, runData = {};
chain.forEach((name, place) => {
  if (place < chain.length - 1) connections[name] = {main: [[{node: chain[place + 1], type: 'main', index: 0}]]};
  if (name === 'Here') return;
  const items = lists[name].map(json => ({json, pairedItem: {item: 0}}));
  runData[name] = [{startTime: 0, executionTime: 0, executionStatus: 'success', data: {main: [items]},
    source: place ? [{previousNode: chain[place - 1]}] : []}];
});
const type = {description: {properties: [], outputs: ['main'], inputs: ['main']}};
const run = {resultData: {runData}, startData: {},
  executionData: {contextData: {}, nodeExecutionStack: [], metadata: {}, waitingExecution: {}, waitingExecutionSource: {}}};
const answers = sources.map(source => {
  try {
    const workflow = new Workflow({id: 'w', name: 'w', nodes, connections, active: false, settings: {timezone: 'UTC'},
      nodeTypes: {getByNameAndVersion: () => type, getByName: () => undefined, getKnownTypes: () => ({})}});
    const input = [{json: structuredClone(item), pairedItem: {item: 0}}];
    const value = workflow.expression.resolveSimpleParameterValue(`={{ ${source} }}`, {}, run, 0, 0, 'Here', input, 'manual',
      {$executionId: '1'}, {node: nodes[nodes.length - 1], data: {main: [input]}, source: {main: [{previousNode: 'Before'}]}});
    return value === undefined ? {value: null} : {value: JSON.parse(JSON.stringify(value))};
  } catch (error) {
    return {error: String(error.message).slice(0, 160)};
  }
});
console.log(JSON.stringify(Object.fromEntries(sources.map((source, place) => [source, answers[place]])), null, 1));
