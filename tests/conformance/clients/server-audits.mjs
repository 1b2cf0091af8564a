// The audits of GraphQL over HTTP against one server; prints what came of each as JSON.

import { serverAudits } from "graphql-http";

const [url] = process.argv.slice(2);
const results = [];
for (const audit of serverAudits({ url })) {
  const { id, name, status, reason, response } = await audit.fn();
  results.push({ id, name, status, reason, answered: response?.status });
}
console.log(JSON.stringify(results));
