// Against deletion by mistake. With this lock `azd down` fails until the lock is taken off.

resource lock 'Microsoft.Authorization/locks@2020-05-01' = {
  name: 'keep'
  properties: {
    level: 'CanNotDelete'
    notes: 'Holds the ledger, the models and the plan-signing key.'
  }
}

output lockName string = lock.name
