"""Landing in Azure's and Google's storages, as their emulators are: `make test-clouds` gets what it takes."""
