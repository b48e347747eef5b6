import TrackerCommands

Tool.run(TrackerCommand.self)
