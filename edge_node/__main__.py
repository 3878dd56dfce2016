"""`python -m edge_node` is `motcua-node`."""

from edge_node.cli import main

if __name__ == "__main__":
    main()
