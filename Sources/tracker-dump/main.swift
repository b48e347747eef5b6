import TrackerCommands

Tool.run(DumpCommand.self)
