// The "Videos" tab of a run: its takes side by side.

import { register } from "./dom.js";
import { Gallery } from "./gallery.js";

class RunVideos extends Gallery {}

register("Videos", "seedance-run-videos", RunVideos);
