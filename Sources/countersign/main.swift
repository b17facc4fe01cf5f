internal import Command

Countersign.main()
