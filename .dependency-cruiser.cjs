/** The house rules of docs/architecture.md: who may import whom. */
module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'services-never-meet',
      comment: 'The services share proto, common and native only.',
      severity: 'error',
      from: { path: '^(graph-service|iris-service)/' },
      to: { path: '^(graph-service|iris-service|cli|test|bench)/', pathNot: '^$1/' },
    },
    {
      name: 'common-stands-alone',
      severity: 'error',
      from: { path: '^common/' },
      to: { path: '^(native|graph-service|iris-service|cli|test|bench)/' },
    },
    {
      name: 'native-knows-no-wire',
      comment: 'native knows nothing of gRPC.',
      severity: 'error',
      from: { path: '^native/' },
      to: { path: '^(proto|graph-service|iris-service|cli|test|bench)/|@grpc' },
    },
    {
      name: 'product-knows-no-tests',
      severity: 'error',
      from: {
        path: '^(proto|common|native|graph-service|iris-service|cli)/',
        pathNot: '\\.test\\.ts$|/support/',
      },
      to: { path: '^(test|bench)/|/src/support/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(/dist/|/build/)' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'default'] },
  },
};
