// To be run in the folder with the schema, with the names of the files to check.
import graphql from "@graphql-eslint/eslint-plugin";

const { configs } = graphql;
const [, { "ObjectTypeDefinition,ObjectTypeExtension": object, ...names }] =
  configs["flat/schema-recommended"].rules["@graphql-eslint/naming-convention"];

const linted = (files, ...rules) => ({
  files,
  plugins: { "@graphql-eslint": graphql },
  languageOptions: {
    parser: graphql.parser,
    parserOptions: { graphQLConfig: { schema: "lexora.graphql", documents: "operations/*.graphql" } },
  },
  rules: Object.assign({}, ...rules),
});

export default [
  linted(["lexora.graphql"], configs["flat/schema-recommended"].rules, configs["flat/schema-relay"].rules, {
    // What has an identity implements Node, which brings its id. Results, events, errors and parts of objects have none.
    "@graphql-eslint/strict-id-in-types": "off",
    // What is short and comes whole, such as an answer's citations or a document's tags, is a plain list.
    "@graphql-eslint/relay-edge-types": ["error", { listTypeCanWrapOnlyEdgeType: false }],
    // The type of a file is what this error is about; every other type keeps the rule.
    "@graphql-eslint/naming-convention": [
      "error",
      { ...names, "ObjectTypeDefinition[name.value!=UnsupportedFileType],ObjectTypeExtension": object },
    ],
  }),
  linted(["operations/*.graphql"], configs["flat/operations-recommended"].rules),
];
