/* global process, structuredClone */
// Has n8n's own nodes work on items: node run.cjs CASES.json ANSWERS.json, in a folder where npm has installed
// n8n-core and n8n-nodes-base. `make oracle` does both. The server is not needed: n8n-core runs workflows by itself.
process.env.N8N_RUNNERS_ENABLED = 'false';
process.env.N8N_USER_FOLDER = process.cwd();
process.env.GENERIC_TIMEZONE = process.env.TZ = 'UTC';
const fs = require('node:fs');
const {createRequire} = require('node:module');
const path = require('node:path');

const installed = createRequire(path.join(process.cwd(), 'here.js'));
installed('reflect-metadata');
const {WorkflowExecute, ExecutionLifecycleHooks} = installed('n8n-core');
const {NodeHelpers, Workflow} = installed('n8n-workflow');

const home = path.dirname(installed.resolve('n8n-nodes-base/package.json'));
const places = JSON.parse(fs.readFileSync(path.join(home, 'dist/known/nodes.json'), 'utf8'));
const made = {};
let given = {};  // by the names of the nodes that begin
const begin = name => ({
  description: {displayName: name, name, group: ['trigger'], version: 1, description: '', defaults: {name},
    inputs: name === 'here.begin' ? [] : ['main'], outputs: ['main'], properties: []},
  async execute() {
    return [structuredClone(given[this.getNode().name]).map((json, item) => ({json, pairedItem: {item}}))];
  },
});
const nodeTypes = {
  getByName: type => nodeTypes.getByNameAndVersion(type),
  getByNameAndVersion(type, version) {
    if (!made[type]) {
      const name = type.split('.').pop();
      const {className, sourcePath} = places[name] ?? {};
      made[type] = type.startsWith('here.') ? begin(type) : new (installed(path.join(home, sourcePath))[className])();
    }
    return NodeHelpers.getVersionedNodeType(made[type], version);
  },
  getKnownTypes: () => ({}),
};

async function answer(one) {
  const node = (name, type, parameters, typeVersion = 1) => ({id: name, name, type, typeVersion, parameters, position: [0, 0]});
  const nodes = [node('Begin', 'here.begin', {}), node('Here', one.type, one.parameters, one.version)];
  given = {Begin: [{}]};
  const connections = {Begin: {main: [[]]}};
  one.inputs.forEach((items, index) => {
    const name = `In ${index}`;
    given[name] = items;
    nodes.push(node(name, 'here.items', {}));
    connections.Begin.main[0].push({node: name, type: 'main', index: 0});
    connections[name] = {main: [[{node: 'Here', type: 'main', index}]]};
  });
  const workflow = new Workflow({id: 'w', name: 'w', nodes, connections, active: false, nodeTypes, settings: {timezone: 'UTC'}});
  const data = {executionId: '1', hooks: new ExecutionLifecycleHooks('manual', '1', {id: 'w', nodes, connections}), restApiUrl: '',
    instanceBaseUrl: '', webhookBaseUrl: '', variables: {}, externalHooks: {run: async () => {}}, logAiEvent() {},
    secretsHelpers: {}, setExecutionStatus() {}, currentNodeParameters: one.parameters};
  const run = await new WorkflowExecute(data, 'manual').run(workflow, workflow.getNode('Begin'));
  const {error, runData} = run.data.resultData;
  if (error) return {error: String(error.message).slice(0, 200)};
  const ran = runData.Here;
  if (!ran) return {outputs: []};
  const outputs = ran[0].data?.main ?? [];
  return {outputs: outputs.map(items => (items ?? []).map(item => item.json))};
}

(async () => {
  const answers = {};
  for (const one of JSON.parse(fs.readFileSync(process.argv[2], 'utf8'))) {
    try {
      answers[one.name] = await answer(one);
    } catch (error) {
      answers[one.name] = {error: String(error.message).slice(0, 200)};
    }
  }
  fs.writeFileSync(process.argv[3], `${JSON.stringify(answers, null, 1)}\n`);
  process.exit(0);
})();
