from bareplane_cli.main import main

main()
