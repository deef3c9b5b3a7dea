// Before `azd down`: what it cannot undo, and what will stop it.
process.stdout.write(`
azd down deletes the ledger, the models and every sealed update. Before it does:
  - a lock on the resource group stops it: az lock delete --name keep --resource-group <group>
  - an immutability policy on models stops it until the days are over; a locked one cannot be shortened
  - the vault is purge-protected: it and its key stay recoverable for 90 days, and the same environment comes back
    with the parameter recoverVault (azd down --purge cannot remove it)
  - the app registration of the API stays: az ad app delete --id <API_CLIENT_ID>
  - silos keep their vaults; they should withdraw the aggregator's role
`);
