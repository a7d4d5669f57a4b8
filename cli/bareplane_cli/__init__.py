"""`bareplane`: what people do with machines and stacks besides `pulumi up`; a module of `commands` per subcommand."""
