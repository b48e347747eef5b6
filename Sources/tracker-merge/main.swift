import TrackerCommands

Tool.run(MergeCommand.self)
