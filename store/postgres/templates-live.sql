-- Which version of each template is sent, and which are pinned.
SELECT name, live, pinned FROM template
